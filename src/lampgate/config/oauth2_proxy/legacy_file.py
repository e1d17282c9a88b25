"""Reads oauth2-proxy's TOML file, ``oauth2_proxy.cfg``. Keys match whatever their case; unknown ones are errors."""

from __future__ import annotations

from lampgate.config.errors import InvalidValueError
from lampgate.config.findings import Findings
from lampgate.config.nodes import Mapping, is_null, shown
from lampgate.config.oauth2_proxy.inventory import BY_KEY
from lampgate.config.oauth2_proxy.option_values import read_node
from lampgate.config.oauth2_proxy.options import Given
from lampgate.config.oauth2_proxy.standing import report_unknown


def read_legacy_file(document: Mapping, findings: Findings) -> list[Given]:
    """The options a file gives."""
    given: dict[str, Given] = {}
    for entry in document:
        option = BY_KEY.get(entry.key.lower())
        if option is None:
            sentence = f"oauth2-proxy's file has no key {shown(entry.key)}"
            report_unknown(sentence, entry.key, BY_KEY, entry.place, findings)
            continue
        if option.flag in given:
            findings.error(
                InvalidValueError,
                f"{option.key} is given twice",
                place=entry.place,
                remedy=f"Keep one of them; the first is on line {given[option.flag].place.line}",
            )
            continue
        if is_null(entry.value):
            continue
        value = read_node(option, entry.value, findings)
        if value is not None:
            given[option.flag] = Given(option, value, entry.place, "file")
    return list(given.values())
