"""Flags that oauth2-proxy reads before everything else. They have neither a key nor a variable."""

from __future__ import annotations

from lampgate.config.oauth2_proxy.options import Kind, Option
from lampgate.config.oauth2_proxy.standing import Refused

_FILES = Refused("files are named on lampgate's own command line", "Remove it, and name the file to lampgate")
_COMMANDS = Refused("it is a command of oauth2-proxy")

OPTIONS = (
    Option("config", "", Kind.STRING, "", _FILES),
    Option("alpha-config", "", Kind.STRING, "", _FILES),
    Option("convert-config-to-alpha", "", Kind.BOOLEAN, False, _COMMANDS),
    Option("config-test", "", Kind.BOOLEAN, False, _COMMANDS),
    Option("version", "", Kind.BOOLEAN, False, _COMMANDS),
)
