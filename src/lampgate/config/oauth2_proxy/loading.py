"""From the documents of all files to settings: reads each by its dialect, decides what counts, converts."""

from __future__ import annotations

from collections.abc import Mapping as Variables
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lampgate.config.errors import InvalidValueError, MissingSettingError
from lampgate.config.findings import Findings
from lampgate.config.nodes import Mapping
from lampgate.config.oauth2_proxy.alpha import read_alpha
from lampgate.config.oauth2_proxy.alpha_documents import join, read_alpha_text, substitute_values
from lampgate.config.oauth2_proxy.chart_values import ChartReading, read_chart_values
from lampgate.config.oauth2_proxy.conversion.client_authentication import FEDERATED_TOKEN_FILE
from lampgate.config.oauth2_proxy.conversion.draft import Draft, ReadText
from lampgate.config.oauth2_proxy.conversion.gateway import Overrides, gateway_settings
from lampgate.config.oauth2_proxy.environment import (
    Environment,
    UsedVariables,
    combine,
    process_environment,
    read_environment,
)
from lampgate.config.oauth2_proxy.inventory import BY_FLAG
from lampgate.config.oauth2_proxy.legacy_file import read_legacy_file
from lampgate.config.oauth2_proxy.legacy_gateway import legacy_gateway
from lampgate.config.oauth2_proxy.options import ENVIRONMENT_PREFIX, Given
from lampgate.config.oauth2_proxy.resolution import Options, resolve
from lampgate.config.oauth2_proxy.sources import Sources, Text
from lampgate.config.oauth2_proxy.written import WrittenGateway, WrittenProvider
from lampgate.config.settings import LoadedSettings, Place
from lampgate.config.toml_documents import read_toml


@dataclass(frozen=True, slots=True)
class World:
    """What is outside the files: the environment, lampgate's own command line, and further files to read."""

    environ: Variables[str, str]
    overrides: Overrides
    read_text: ReadText


@dataclass(frozen=True, slots=True)
class OAuth2ProxyReading:
    """What the files of a configuration say, before it is judged.

    :ivar options: the options that count.
    :ivar written: what is said about provider, upstreams and headers; None where that could not be read.
    :ivar alpha: the alpha configuration, with its variables put in.
    :ivar options_place: where missing options belong; None where what may hold them could not be read.
    """

    options: Options
    written: WrittenGateway | None
    alpha: Mapping | None
    environment: Environment = field(repr=False)
    options_place: Place | None


def load_oauth2_proxy(sources: Sources, world: World, findings: Findings) -> LoadedSettings | None:
    """The settings; None where something is missing or wrong, which has been reported."""
    return convert_oauth2_proxy(read_oauth2_proxy(sources, world, findings), world, findings)


def convert_oauth2_proxy(reading: OAuth2ProxyReading, world: World, findings: Findings) -> LoadedSettings | None:
    """The settings of what was read; None where something is missing or wrong, which has been reported."""
    draft = Draft(findings, reading.environment, world.read_text)
    settings = gateway_settings(
        reading.options, reading.written, world.overrides, draft, options_place=reading.options_place
    )
    return LoadedSettings(settings, draft.places, findings.notes) if settings is not None else None


def read_oauth2_proxy(sources: Sources, world: World, findings: Findings) -> OAuth2ProxyReading:
    """What the files say, as far as it can be read; the rest has been reported."""
    chart = read_chart_values(sources.chart_values, sources.secrets, findings) if sources.chart_values else None
    layers = chart.environments if chart is not None else (sources.secrets,)
    environment = combine((process_environment(world.environ), *layers))

    legacy_text = _legacy_text(sources, chart, findings)
    legacy = read_toml(legacy_text.text, legacy_text.origin, findings) if legacy_text is not None else None
    given = [*sources.arguments, *_chart_options(sources, chart), *read_environment(environment, findings)]
    if legacy is not None:
        given += read_legacy_file(legacy, findings)

    # Where the file of options could not be read, what it may hold is not missing.
    is_elsewhere = chart is not None and chart.needs_legacy_file is not None
    is_complete = legacy is not None or (legacy_text is None and not is_elsewhere)
    options_place = _place_of_options(sources, legacy_text)
    uses_alpha = bool(sources.alpha) or (chart is not None and chart.uses_alpha)
    variables = UsedVariables(environment)
    written: WrittenGateway | None = None
    document: Mapping | None = None
    if uses_alpha:
        document = _alpha_document(sources, chart, variables, findings)
        written = read_alpha(document, findings) if document is not None else None
        if written is not None and written.provider is not None:
            given = [each for each in given if not _repeats(each, written.provider)]
    if chart is None and legacy_text is None and sources.alpha:
        given += _everybody(given, sources.alpha[0].place, findings)
    options = resolve(given, beside_alpha=uses_alpha, findings=findings)
    if not uses_alpha and is_complete:
        written = legacy_gateway(options, options_place)
    elif written is not None and written.listeners.plain is None:
        written = _with_bind_address(written, chart, world.overrides, findings)

    if chart is not None:
        _note_unused_variables(chart, variables, findings)

    return OAuth2ProxyReading(options, written, document, environment, options_place if is_complete else None)


def _chart_options(sources: Sources, chart: ChartReading | None) -> list[Given]:
    if chart is None:
        return []
    # A configuration file of its own takes the place of the one that the chart would generate.
    return [given for given in chart.given if given.source != "file"] if sources.legacy else list(chart.given)


def _legacy_text(sources: Sources, chart: ChartReading | None, findings: Findings) -> Text | None:
    texts = list(sources.legacy)
    if chart is not None and chart.legacy is not None:
        texts.append(chart.legacy)
    if chart is not None and chart.needs_legacy_file is not None and not texts:
        findings.error(
            MissingSettingError,
            "The configuration file is in a ConfigMap that is not given here",
            place=chart.needs_legacy_file,
            remedy="Name the file of that ConfigMap as well, or write its content into config.configFile",
        )
    _refuse_second(texts, "configuration file (oauth2_proxy.cfg)", findings)
    return texts[0] if texts else None


def _alpha_document(
    sources: Sources, chart: ChartReading | None, variables: UsedVariables, findings: Findings
) -> Mapping | None:
    texts = list(sources.alpha)
    if chart is not None and chart.alpha_text is not None:
        texts.append(chart.alpha_text)
    _refuse_second(texts, "alpha configuration", findings)
    from_text = read_alpha_text(texts[0], variables, findings) if texts else None
    if chart is None or (texts and from_text is None):
        return from_text
    if not chart.uses_alpha:
        findings.error(
            InvalidValueError,
            "There is an alpha configuration, and the chart's values do not enable it",
            place=texts[0].place,
            remedy="Set alphaConfig.enabled to true, or leave the alpha configuration out",
        )
    elif chart.needs_alpha_file is not None and from_text is None:
        findings.error(
            MissingSettingError,
            "The alpha configuration is in a ConfigMap or Secret that is not given here",
            place=chart.needs_alpha_file,
            remedy="Name the file of it as well, or write its content into alphaConfig.configData",
        )
        return None
    if chart.alpha_data is None:
        return from_text if from_text is not None else Mapping((), chart.alpha_place)
    from_data = substitute_values(chart.alpha_data, variables, findings)
    return join(from_data, from_text, findings) if from_text is not None else from_data


def _note_unused_variables(chart: ChartReading, variables: UsedVariables, findings: Findings) -> None:
    """Of the chart's further variables oauth2-proxy reads its own, and what the alpha configuration refers to."""
    for name, variable in chart.extra_environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX) and name not in {*variables.used, FEDERATED_TOKEN_FILE}:
            findings.note(
                "config.no-effect",
                "This variable has no effect: nothing here refers to it. Set it for lampgate's own process if it is "
                "meant for that",
                variable.place,
            )


def _refuse_second(texts: Sequence[Text], what: str, findings: Findings) -> None:
    for text in texts[1:]:
        findings.error(
            InvalidValueError,
            f"This is a second {what}, and there can be one",
            place=text.place,
            remedy=f"Leave one of them out; the first is {texts[0].place}",
        )


def _everybody(given: Sequence[Given], place: Place, findings: Findings) -> list[Given]:
    """What the chart lays beside every alpha configuration: everybody whom the provider signs in may pass.

    An alpha configuration cannot say it, so one that comes alone would otherwise never start.
    """
    option = BY_FLAG["email-domain"]
    if any(each.option is option for each in given):
        return []
    findings.note(
        "config.everybody-admitted",
        "Nothing says who may sign in, so everybody whom the provider signs in is admitted, as with the chart's own "
        "default. To narrow it, set OAUTH2_PROXY_EMAIL_DOMAINS, or allowedGroups of the provider",
        place,
    )
    return [Given(option, ("*",), place, "file")]


def _repeats(given: Given, provider: WrittenProvider) -> bool:
    """Whether a variable says again what the alpha configuration says: the chart sets it in any case."""
    same = {"client-id": provider.client_id, "client-secret": provider.client_secret}.get(given.option.flag)
    return given.source == "environment" and same is not None and same.value == given.value


def _place_of_options(sources: Sources, legacy: Text | None) -> Place:
    """Where a missing option would be written."""
    if legacy is not None:
        return Place(legacy.origin.file, 0, legacy.origin.prefix)
    if sources.chart_values:
        return Place(sources.chart_values[0].place.file, 0, "config.configFile: ")
    return Place("oauth2_proxy.cfg", 0, "")


def _with_bind_address(
    written: WrittenGateway, chart: ChartReading | None, overrides: Overrides, findings: Findings
) -> WrittenGateway:
    if chart is not None and chart.bind_address is not None:
        return replace(written, listeners=replace(written.listeners, plain=chart.bind_address))
    if not overrides.listen and written.listeners.secure is None:
        findings.note(
            "config.default-listen",
            "The alpha configuration does not say where to listen, and oauth2-proxy would not listen at all; "
            "lampgate listens on 127.0.0.1:4180. To change that, add server with bindAddress, e.g. 0.0.0.0:4180",
            written.section.place,
        )
    return written
