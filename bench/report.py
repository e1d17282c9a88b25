"""The tables, as Markdown that also reads well in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tabulate import tabulate

_MEGA = 1e6
_REQUESTS = (
    "GET of a 1 KB file on kept-alive connections. *At one rate*: 3,000 a second for every program, so that all have "
    "the same work. *Flat out*: as many as it answers; a program that keeps load and origin busy all the time is "
    "spared the cost of waking them up. Latency is at half of that, and at 10,000 a second at most, which is what "
    "the load generator manages without delays of its own."
)
_LARGER = (
    "MB for each second of CPU; WebSockets opened and closed, each on a new connection; from a program's start "
    "to its first answer, and its memory then."
)


def markdown(found: dict[str, Any]) -> str:
    """All tables of a run."""
    machine, plan = found["machine"], found["plan"]
    peers: Sequence[dict[str, Any]] = found["peers"]
    lampgate = peers[0]
    how = (
        f"{machine['date']}, {machine['cpu']}, {machine['system']}, Python {machine['python']}. Each program had one "
        f"core; load and origin ran on another. Medians of {plan['rounds']} rounds of {plan['seconds']} s, in which "
        "the programs took turns. CPU is the kernel's accounting of the program alone. Made by `make bench`."
    )
    lines = [
        "# Benchmarks",
        "",
        how,
        "",
        "![CPU time for each request](cpu.svg)",
        "",
        "## Requests",
        "",
        _REQUESTS,
        "",
        _table(
            [
                "",
                "at one rate: CPU µs",
                "beside lampgate",
                "flat out: CPU µs",
                "beside lampgate",
                "a second",
                "p50 ms",
                "p99 ms",
                "peak RSS MiB",
            ],
            [
                [
                    _name(peer),
                    f"{peer['one_rate']['cpu_us']:.1f}",
                    _ratio(peer, lampgate, lambda each: each["one_rate"]["cpu_us"]),
                    f"{peer['gets']['1k']['cpu_us']:.1f}",
                    _ratio(peer, lampgate, lambda each: each["gets"]["1k"]["cpu_us"]),
                    f"{peer['gets']['1k']['per_second']:,.0f}",
                    f"{peer['half_load']['p50_ms']:.2f}",
                    f"{peer['half_load']['p99_ms']:.2f}",
                    f"{peer['peak_resident_bytes'] / 2**20:.0f}",
                ]
                for peer in peers
            ],
        ),
        "",
        "## Larger answers, WebSockets, start",
        "",
        _LARGER,
        "",
        _table(
            ["", "64 KB: MB", "1 MB: MB", "WebSocket: CPU µs", "beside lampgate", "start s", "RSS MiB"],
            [
                [
                    _name(peer),
                    f"{peer['gets']['64k']['bytes_per_cpu_second'] / _MEGA:,.0f}",
                    f"{peer['gets']['1m']['bytes_per_cpu_second'] / _MEGA:,.0f}",
                    f"{peer['upgrades']['cpu_us']:.0f}",
                    _ratio(peer, lampgate, lambda each: each["upgrades"]["cpu_us"]),
                    f"{peer['start_seconds']:.2f}",
                    f"{peer['start_resident_bytes'] / 2**20:.0f}",
                ]
                for peer in peers
            ],
        ),
        "",
    ]
    if any("idle_websockets" in peer or "slow_stream" in peer for peer in peers):
        lines += ["## Things that stay open", "", *_open(peers), ""]
    return "\n".join(lines)


def _open(peers: Sequence[dict[str, Any]]) -> list[str]:
    lines = []
    for peer in peers:
        if "cold_session_us" in peer:
            lines.append(
                f"* {peer['name']}: the first request of a session that the process has not seen takes "
                f"{peer['cold_session_us']:.0f} µs of CPU more than its next one."
            )
        if idle := peer.get("idle_websockets"):
            lines.append(
                f"* {peer['name']}: {idle['count']:,} idle WebSockets take {idle['bytes_each'] / 1024:.1f} KiB of "
                f"memory each, both sides together, and {idle['cpu_share']:.1%} of a core."
            )
        if stream := peer.get("slow_stream"):
            lines.append(
                f"* {peer['name']}: {stream['bytes'] / 2**20:.0f} MiB of log into a reader of 1 MB/s: memory grows "
                f"by {stream['growth_bytes'] / 2**20:.1f} MiB."
            )
    return lines


def _name(peer: dict[str, Any]) -> str:
    name, comma, rest = peer["name"].partition(",")
    return f"{name} {peer['version']}{comma}{rest}"


def _ratio(peer: dict[str, Any], lampgate: dict[str, Any], figure: Callable[[dict[str, Any]], float]) -> str:
    return "1" if peer is lampgate else f"{figure(peer) / figure(lampgate):.2f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return tabulate(
        rows, heads, tablefmt="pipe", disable_numparse=True, colalign=("left", *["right"] * (len(heads) - 1))
    )
