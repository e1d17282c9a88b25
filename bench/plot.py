"""One picture: CPU time for each request. SVG that follows the reader's light or dark colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

_WIDTH, _ROW, _BAR = 720, 34, 18
_LEFT, _TOP, _RIGHT = 282, 58, 64

_NOTE = "1 KB, 3,000 a second. Green and amber sign people in and inject their token; grey asks nobody."
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .note { fill: #59636e }
  .range { stroke: #1f2328; stroke-width: 1.5 }
  .ours { fill: #1a7f37 } .signs { fill: #9a6700 } .plain { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .note { fill: #9198a1 } .range { stroke: #f0f6fc }
    .ours { fill: #3fb950 } .signs { fill: #d29922 } .plain { fill: #6e7681 }
  }
"""


def cpu_per_request(found: dict[str, Any]) -> str:
    """A bar for each peer, the cheapest first; the thin line spans all rounds."""
    peers: Sequence[dict[str, Any]] = sorted(found["peers"], key=lambda peer: peer["one_rate"]["cpu_us"])
    most = max(peer["one_rate"]["cpu_us_most"] for peer in peers)
    scale = (_WIDTH - _LEFT - _RIGHT) / most
    height = _TOP + _ROW * len(peers) + 12
    label = "CPU microseconds for each request, by program"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">',
        f"<style>{_STYLE}</style>",
        '<text class="title" x="12" y="22">CPU time for each request, µs</text>',
        f'<text class="note" x="12" y="42">{_NOTE}</text>',
    ]
    for row, peer in enumerate(peers):
        figures = peer["one_rate"]
        y = _TOP + row * _ROW
        middle = y + _BAR / 2
        kind = "ours" if peer["name"] == "lampgate" else "signs" if peer["signs_in"] else "plain"
        name = escape(f"{peer['name'].partition(',')[0]} {peer['version']}")
        width = figures["cpu_us"] * scale
        least, furthest = (_LEFT + figures[each] * scale for each in ("cpu_us_least", "cpu_us_most"))
        parts += [
            f'<text x="{_LEFT - 12}" y="{middle + 5}" text-anchor="end">{name}</text>',
            f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="3"/>',
            f'<line class="range" x1="{least:.1f}" x2="{furthest:.1f}" y1="{middle}" y2="{middle}"/>',
            f'<text x="{furthest + 8:.1f}" y="{middle + 5}">{figures["cpu_us"]:.1f}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"
