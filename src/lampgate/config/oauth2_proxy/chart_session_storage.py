"""``sessionStorage`` of oauth2-proxy's Helm chart: the variables that the chart would make of it (chart 10.7)."""

from __future__ import annotations

from lampgate.config.errors import InvalidValueError, MissingSettingError
from lampgate.config.findings import Findings
from lampgate.config.nodes import List
from lampgate.config.oauth2_proxy.chart_sections import ChartSection
from lampgate.config.oauth2_proxy.environment import Environment, Variable
from lampgate.config.oauth2_proxy.written import Written

_KEYS = ("type", "redis")
_REDIS_KEYS = (
    "existingSecret", "password", "passwordKey", "clientType", "standalone", "cluster", "sentinel",
)  # fmt: skip
_SENTINEL_KEYS = ("existingSecret", "password", "passwordKey", "masterName", "connectionUrls")
_CLIENT_TYPES = ("standalone", "cluster", "sentinel")


def session_storage_environment(top: ChartSection, findings: Findings) -> Environment:
    """The variables; none where sessions are kept in the cookie."""
    storage = top.section("sessionStorage", _KEYS)
    kind = storage.text("type")
    if kind is None or kind.value in ("", "cookie"):
        return {}
    variables = {"OAUTH2_PROXY_SESSION_STORE_TYPE": _variable(kind)}
    redis = storage.section("redis", _REDIS_KEYS)
    client = redis.text("clientType")
    client_type = client.value if client is not None and client.value else "standalone"
    if client is not None and client_type not in _CLIENT_TYPES:
        findings.error(
            InvalidValueError,
            "The chart knows no such client of Redis",
            place=client.place,
            remedy="Write standalone, cluster or sentinel",
        )
        return {}
    _add(variables, "OAUTH2_PROXY_REDIS_PASSWORD", redis.text("password"))
    section = redis.section(client_type, _SENTINEL_KEYS if client_type == "sentinel" else ())
    if client_type == "standalone":
        _add_standalone(variables, top, section, findings)
        return variables
    place = client.place if client is not None else kind.place
    variables[f"OAUTH2_PROXY_REDIS_USE_{client_type.upper()}"] = Variable("true", place)
    _add(variables, f"OAUTH2_PROXY_REDIS_{client_type.upper()}_CONNECTION_URLS", _joined(section, "connectionUrls"))
    if client_type == "sentinel":
        _add(variables, "OAUTH2_PROXY_REDIS_SENTINEL_MASTER_NAME", section.text("masterName"))
        _add(variables, "OAUTH2_PROXY_REDIS_SENTINEL_PASSWORD", section.text("password"))
    return variables


def _add_standalone(
    variables: dict[str, Variable], top: ChartSection, standalone: ChartSection, findings: Findings
) -> None:
    url = standalone.text("connectionUrl")
    _add(variables, "OAUTH2_PROXY_REDIS_CONNECTION_URL", url)
    if url is not None and url.value:
        return
    for chart in ("redis", "redis-ha"):
        subchart = top.section(chart)
        if subchart.flag("enabled", default=False):
            findings.error(
                MissingSettingError,
                f"The chart would work out the address of its own {chart}, which lampgate cannot know",
                place=standalone.place_of("connectionUrl"),
                remedy="Write it as redis://SERVICE:6379, and its password as sessionStorage.redis.password or as "
                "the variable OAUTH2_PROXY_REDIS_PASSWORD",
            )
            # Said once is enough: without the kind of store nobody asks for its address.
            variables.clear()
            return


def _joined(section: ChartSection, name: str) -> Written[str] | None:
    if not isinstance(section.node(name), List):
        return section.text(name)
    listed = section.texts(name)
    return Written(",".join(listed.value), listed.place) if listed is not None else None


def _add(variables: dict[str, Variable], name: str, written: Written[str] | None) -> None:
    if written is not None and written.value:
        variables[name] = _variable(written)


def _variable(written: Written[str]) -> Variable:
    return Variable(written.value, written.place)
