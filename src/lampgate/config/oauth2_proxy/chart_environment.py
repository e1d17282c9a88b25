"""The environment variables that oauth2-proxy's Helm chart would set: from its Secret, and from ``extraEnv``."""

from __future__ import annotations

from lampgate.config.errors import InvalidValueError
from lampgate.config.findings import Findings
from lampgate.config.nodes import List, Mapping, Scalar, child_key
from lampgate.config.oauth2_proxy import chart_keys
from lampgate.config.oauth2_proxy.chart_sections import ChartSection
from lampgate.config.oauth2_proxy.chart_session_storage import session_storage_environment
from lampgate.config.oauth2_proxy.environment import Environment, Variable
from lampgate.config.settings import Place


def chart_environment(
    top: ChartSection, config: ChartSection, secrets: Environment, findings: Findings
) -> list[Environment]:
    """The variables, strongest first."""
    if top.has_content("envFrom"):
        findings.note(
            "config.environment-elsewhere",
            "envFrom names variables that are not in this file; lampgate sees those that are set for its own process",
            top.place_of("envFrom"),
        )
    return [
        _extra(top, findings),
        session_storage_environment(top, findings),
        _secret(top, config, secrets, findings),
    ]


def _extra(top: ChartSection, findings: Findings) -> dict[str, Variable]:
    extra = top.node("extraEnv")
    if extra is None:
        return {}
    variables: dict[str, Variable] = {}
    for item in extra.items if isinstance(extra, List) else (extra,):
        section = ChartSection(item, findings=findings) if isinstance(item, Mapping) else None
        name = section.text("name") if section is not None else None
        if section is None or name is None or not name.value:
            findings.error(
                InvalidValueError,
                "extraEnv is a list of variables, and this is not one",
                place=item.place,
                remedy="Write - name: NAME, and below it value: …",
            )
            continue
        place = Place(item.place.file, name.place.line, child_key(item.place.key, name.value))
        if section.node("valueFrom") is not None:
            # The variable is set for lampgate's own process, or it is missing and will be reported where it is used.
            findings.note(
                "config.environment-elsewhere",
                "This variable's value is not in this file; lampgate sees it if it is set for its own process",
                place,
            )
            continue
        value = section.text("value")
        if value is not None:
            variables[name.value] = Variable(value.value, place)
    return variables


def _secret(top: ChartSection, config: ChartSection, secrets: Environment, findings: Findings) -> dict[str, Variable]:
    """What the chart would put into its Secret, or finds in an existing one."""
    variables: dict[str, Variable] = dict(secrets)
    existing = config.has_content("existingSecret")
    if existing and not secrets:
        findings.note(
            "config.environment-elsewhere",
            "The client's and the cookie's secrets are in a Secret that is not given here; lampgate sees them if "
            "they are set for its own process, or if the Secret's file is named as well",
            config.place_of("existingSecret"),
        )
    for key, (variable, name) in chart_keys.SECRET_KEYS.items():
        value = config.text(name)
        if value is None or not value.value:
            continue
        if not top.flag("proxyVarsAsSecrets", default=True) or existing or not _is_required(config, key):
            findings.note(
                "config.no-effect",
                f"config.{name} has no effect: the chart is told to take it from elsewhere",
                value.place,
            )
        else:
            variables[variable] = Variable(value.value, value.place)
    return variables


def _is_required(config: ChartSection, key: str) -> bool:
    required = config.node("requiredSecretKeys")
    if not isinstance(required, List):
        return True
    return any(isinstance(item, Scalar) and item.text == key for item in required.items)
