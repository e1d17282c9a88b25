"""The page of documentation about all findings. ``python -m lampgate.config.check.page`` prints it."""

from __future__ import annotations

import sys

from lampgate.config.check.registry import FAMILIES

_HEAD = """\
# What `lampgate check` finds

    lampgate check FILE… [--format text|json|sarif] [--fail-on error|warning|never]

Every finding has a stable code, a severity, a place, why it matters, and what to do. The files may be oauth2-proxy's,
lampgate's own, and Headlamp's Helm values beside them; lampgate need not be able to start with them. Exit status: 0
nothing at or above `--fail-on` (`error` unless said otherwise), 1 something, 2 a file cannot be opened.
This page is drawn from the code by `make docs`.
"""


def page() -> str:
    """The page, in Markdown."""
    parts = [_HEAD]
    for family in FAMILIES:
        parts.append(f"\n## {family.title}\n\n")
        for rule in family.rules:
            fix = f" *Fix:* {rule.fix}." if rule.fix else ""
            parts.append(f"* `{rule.code}` ({rule.severity.name.lower()}): {rule.title}. {rule.why}.{fix}\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
