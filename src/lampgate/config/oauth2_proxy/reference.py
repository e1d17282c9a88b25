"""The reference of oauth2-proxy's options as a page of documentation, drawn from the inventory.

``python -m lampgate.config.oauth2_proxy.reference`` prints it.
"""

from __future__ import annotations

import sys

from lampgate.config.oauth2_proxy.inventory import OPTIONS
from lampgate.config.oauth2_proxy.options import Option
from lampgate.config.oauth2_proxy.standing import NoEffect, Refused, Works

_HEAD = """\
# oauth2-proxy's options

What lampgate does with each option of oauth2-proxy 7.15, on the command line (`extraArgs`), in the environment
(`OAUTH2_PROXY_` and the key in upper case) or in the `.cfg` file. This page is drawn from the code by `make docs`.

* **works**: it means what it means there.
* **no effect**: accepted, and nothing follows from it; the reason says why that is right.
* **refused**: lampgate does not start with it, because it would do something else than you asked for. A value that
  describes what lampgate does anyway (the default, mostly) is always accepted.

| option | key | |
| --- | --- | --- |
"""


def page() -> str:
    """The page, in Markdown."""
    return _HEAD + "".join(f"{_row(option)}\n" for option in sorted(OPTIONS, key=lambda option: option.flag))


def _row(option: Option) -> str:
    keys = ", ".join(f"`{key}`" for key in option.keys)
    match option.standing:
        case Works():
            standing = "works"
        case NoEffect(reason):
            standing = f"no effect: {reason}"
        case Refused(reason):
            standing = f"refused: {reason}"
    return f"| `--{option.flag}` | {keys} | {standing} |"


if __name__ == "__main__":
    sys.stdout.write(page())
