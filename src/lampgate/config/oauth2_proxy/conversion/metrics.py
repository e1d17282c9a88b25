"""Where Prometheus asks: oauth2-proxy's ``metrics-address`` and the alpha configuration's ``metricsServer``."""

from __future__ import annotations

from lampgate.config.errors import InvalidValueError
from lampgate.config.listener_notation import NotationError, parse_listener
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.settings import ListenAddress, MetricsSettings

_EXAMPLE = "Write e.g. 0.0.0.0:44180"


def metrics_settings(written: Written[str] | None, draft: Draft) -> MetricsSettings | None:
    """The address; None where there is none, or where it is wrong, which has been reported."""
    if written is None or written.value.strip() in ("", "-"):
        return None
    draft.keep("metrics", written)
    try:
        address = parse_listener(written.value.strip())
    except NotationError as error:
        draft.findings.error(InvalidValueError, str(error), place=written.place, remedy=_EXAMPLE)
        return None
    if not isinstance(address, ListenAddress) or address.tls is not None or address.proxy_protocol_from:
        draft.findings.error(
            InvalidValueError, "Metrics are served over TCP, in plain http", place=written.place, remedy=_EXAMPLE
        )
        return None
    return MetricsSettings(host=address.host, port=address.port)
