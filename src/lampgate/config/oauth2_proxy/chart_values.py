"""Reads values for oauth2-proxy's Helm chart: what the chart would make of them for the proxy.

Command line, environment, TOML file and alpha configuration are gathered as the chart's templates would render them
(chart 10.7). Left out is the chart's own cookie secret, which everybody knows. Templates inside values are refused:
evaluating them takes Helm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lampgate.config.errors import InvalidValueError, UnsupportedSettingError
from lampgate.config.findings import Findings
from lampgate.config.nodes import Entry, List, Mapping, Scalar, is_null, merge, shown
from lampgate.config.oauth2_proxy import chart_keys
from lampgate.config.oauth2_proxy.arguments import Argument, read_arguments
from lampgate.config.oauth2_proxy.chart_environment import chart_environment
from lampgate.config.oauth2_proxy.chart_sections import ChartSection
from lampgate.config.oauth2_proxy.environment import Environment
from lampgate.config.oauth2_proxy.inventory import BY_KEY
from lampgate.config.oauth2_proxy.options import Given
from lampgate.config.oauth2_proxy.sources import Text
from lampgate.config.oauth2_proxy.standing import report_unknown
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.settings import Place


@dataclass(slots=True)
class ChartReading:
    """What the chart would give oauth2-proxy.

    :ivar place: of the values as a whole.
    :ivar given: options from its command line, and from the configuration file the chart generates.
    :ivar environments: environment variables, strongest first.
    :ivar legacy: the configuration file, where the values hold one.
    :ivar uses_alpha: whether there is to be an alpha configuration.
    :ivar alpha_place: where its parts are to be written.
    :ivar alpha_data: the part of it that is written as values.
    :ivar alpha_text: the part of it that is written as a text.
    :ivar needs_legacy_file, needs_alpha_file: where the values refer to a document that is not in them.
    """

    place: Place
    alpha_place: Place
    given: list[Given] = field(default_factory=list)
    environments: Sequence[Environment] = ()
    legacy: Text | None = None
    uses_alpha: bool = False
    alpha_data: Mapping | None = None
    alpha_text: Text | None = None
    bind_address: Written[str] | None = None
    needs_legacy_file: Place | None = None
    needs_alpha_file: Place | None = None

    @property
    def extra_environment(self) -> Environment:
        """The variables of ``extraEnv``."""
        return self.environments[0]


def read_chart_values(documents: Sequence[Mapping], secrets: Environment, findings: Findings) -> ChartReading:
    """The values of all documents, laid over each other as Helm does.

    :param documents: at least one; later ones win.
    :param secrets: what Kubernetes Secrets hold under the chart's names.
    """
    values = documents[0]
    for document in documents[1:]:
        values = merge(values, document)
    _check_keys(values, findings)
    top = ChartSection(values, chart_keys.ALL, findings, check=False)
    config = top.section("config", chart_keys.CONFIG)
    alpha = top.section("alphaConfig", chart_keys.ALPHA_CONFIG)
    reading = ChartReading(values.place, alpha.place_of("configData"))
    reading.uses_alpha = alpha.flag("enabled", default=False)
    _refuse_features(top, findings)
    _read_alpha(reading, alpha, findings)
    _read_legacy(reading, config, findings)
    arguments = _arguments(top, config, reading, findings)
    reading.given.extend(read_arguments(arguments, findings))
    reading.environments = chart_environment(top, config, secrets, findings)
    return reading


def _check_keys(values: Mapping, findings: Findings) -> None:
    deployment = [entry for entry in values if entry.key in chart_keys.DEPLOYMENT]
    if deployment:
        findings.note(
            "config.deployment-values",
            "These values say how oauth2-proxy is deployed and have no effect on lampgate: "
            + ", ".join(entry.key for entry in deployment),
            deployment[0].place,
        )
    for entry in values:
        if entry.key not in chart_keys.ALL:
            sentence = f"oauth2-proxy's Helm chart has no value {shown(entry.key)}"
            report_unknown(sentence, entry.key, chart_keys.ALL, entry.place, findings)


def _refuse_features(top: ChartSection, findings: Findings) -> None:
    feature = top.section("authenticatedEmailsFile")
    if feature.flag("enabled", default=False):
        findings.error(
            UnsupportedSettingError,
            "authenticatedEmailsFile is not supported: the chart's own list is not read",
            place=feature.place_of("enabled"),
            remedy="Set enabled to false; mount a list, and name it in authenticated-emails-file",
        )


def _read_alpha(reading: ChartReading, alpha: ChartSection, findings: Findings) -> None:
    parts = ("configData", "configFile", "existingConfig", "existingSecret", "serverConfigData")
    if not reading.uses_alpha:
        unused = next((name for name in parts if alpha.has_content(name)), None)
        if unused is not None:
            findings.note(
                "config.alpha-not-enabled",
                "alphaConfig has no effect, because alphaConfig.enabled is not true",
                alpha.place_of(unused),
            )
        return
    reading.bind_address = _bind_address(reading)
    for name in ("existingConfig", "existingSecret"):
        if alpha.has_content(name):
            reading.needs_alpha_file = alpha.place_of(name)
    if reading.needs_alpha_file is not None:
        return
    data = alpha.mapping("configData")
    server = alpha.mapping("serverConfigData")
    if server is not None and server.entries:
        entry = Entry("server", server, server.place)
        if data is not None and data.get("server") is not None:
            findings.error(
                InvalidValueError,
                "server is given in configData and with serverConfigData",
                place=server.place,
                remedy="Keep one of them",
            )
        else:
            data = Mapping((*(data.entries if data is not None else ()), entry), alpha.place)
    metrics = alpha.mapping("metricsConfigData")
    if metrics is not None and metrics.entries and (data is None or data.get("metricsServer") is None):
        entry = Entry("metricsServer", metrics, metrics.place)
        data = Mapping((*(data.entries if data is not None else ()), entry), alpha.place)
    reading.alpha_data = data
    reading.alpha_text = alpha.document("configFile")


def _bind_address(reading: ChartReading) -> Written[str]:
    return Written(chart_keys.BIND_ADDRESS, Place(reading.place.file, 0, "the chart's own bind address"))


def _read_legacy(reading: ChartReading, config: ChartSection, findings: Findings) -> None:
    """The chart's choice between several configuration files (its template ``legacy-config.mode``)."""
    generated_only = reading.uses_alpha and not config.flag("forceLegacyConfig", default=True)
    if not generated_only:
        if config.has_content("existingConfig"):
            reading.needs_legacy_file = config.place_of("existingConfig")
            return
        if config.has_content("configFile"):
            reading.legacy = config.document("configFile")
            return
        if not reading.uses_alpha and not config.flag("forceLegacyConfig", default=True):
            return
    elif config.has_content("configFile"):
        findings.note(
            "config.no-effect",
            "config.configFile has no effect beside the alpha configuration, because forceLegacyConfig is false",
            config.place_of("configFile"),
        )
    domains = config.texts("emailDomains")
    if domains is None:
        place = Place(reading.place.file, 0, "the chart's own e-mail domains")
        findings.note(
            "config.chart-default",
            "No e-mail domains are given, so the chart's default holds: everybody with an account may pass",
            place,
        )
        domains = Written(("*",), place)
    reading.given.append(Given(BY_KEY["email_domains"], domains.value, domains.place, "file"))
    upstreams = None if reading.uses_alpha else config.texts("upstreams")
    if upstreams is not None:
        reading.given.append(Given(BY_KEY["upstreams"], upstreams.value, upstreams.place, "file"))


def _arguments(top: ChartSection, config: ChartSection, reading: ChartReading, findings: Findings) -> list[Argument]:
    """The command line: what the chart writes itself, then ``extraArgs``."""
    arguments = []
    if not reading.uses_alpha:
        address = _bind_address(reading)
        arguments.append(Argument(f"--http-address={address.value}", address.place))
        arguments.append(Argument(f"--https-address={chart_keys.SECURE_BIND_ADDRESS}", address.place))
    cookie_name = config.text("cookieName")
    if cookie_name is not None and cookie_name.value:
        arguments.append(Argument(f"--cookie-name={cookie_name.value}", cookie_name.place))
    if config.has_content("google"):
        findings.error(
            UnsupportedSettingError,
            "config.google is not supported: lampgate signs people in with OpenID Connect only",
            place=config.place_of("google"),
            remedy="Remove it, and use provider oidc or entra-id",
        )
    passwords = top.section("htpasswdFile")
    if passwords.flag("enabled", default=False):
        arguments.append(Argument(f"--htpasswd-file={chart_keys.PASSWORD_FILE}", passwords.place_of("enabled")))
    return arguments + _extra_arguments(top, findings)


def _extra_arguments(top: ChartSection, findings: Findings) -> list[Argument]:
    extra = top.node("extraArgs")
    if extra is None:
        return []
    arguments = []
    if isinstance(extra, Mapping):
        # A map is sorted by the chart; that matters for nothing, since each flag comes once.
        for entry in extra:
            if isinstance(entry.value, Scalar):
                value = top.plain_text(entry.value, entry.place)
                if value is not None:
                    text = f"--{entry.key}" if is_null(entry.value) else f"--{entry.key}={value}"
                    arguments.append(Argument(text, entry.place))
                continue
            findings.error(
                InvalidValueError,
                "A value in extraArgs is not a single one; the chart would write it as Go does",
                place=entry.place,
                remedy='Separate several values by commas in one text, e.g. "a,b"; or write extraArgs as a list',
            )
    elif isinstance(extra, List):
        for item in extra.items:
            if isinstance(item, Scalar) and isinstance(item.value, str):
                arguments.append(Argument(item.text, item.place))
            else:
                findings.error(
                    InvalidValueError,
                    "An item of extraArgs is not a text",
                    place=item.place,
                    remedy='Write it in quotes, e.g. "--reverse-proxy=true"',
                )
    else:
        findings.error(
            InvalidValueError,
            "extraArgs is neither flags with values nor a list of arguments",
            place=extra.place,
            remedy="Write each flag as name: value",
        )
    return arguments
