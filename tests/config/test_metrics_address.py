"""Where Prometheus asks, in each of oauth2-proxy's dialects."""

from __future__ import annotations

import pytest

from lampgate.config.settings import MetricsSettings
from tests.config.configurations import ALPHA, LEGACY, OPTIONS, Loader


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("0.0.0.0:44180", MetricsSettings(host="0.0.0.0", port=44180)),  # noqa: S104 - as the chart has it
        (":44180", MetricsSettings(host="0.0.0.0", port=44180)),  # noqa: S104 - as Go reads it
        ("http://127.0.0.1:9100", MetricsSettings(host="127.0.0.1", port=9100)),
        ("", None),
        ("-", None),
    ],
)
def test_the_same_in_both(loader: Loader, address: str, expected: MetricsSettings | None) -> None:
    assert loader.load(f'{LEGACY}\nmetrics_address = "{address}"\n').settings.metrics == expected
    alpha = loader.load(f'metricsServer: {{BindAddress: "{address}"}}\n{ALPHA}', OPTIONS)
    assert alpha.settings.metrics == expected


@pytest.mark.parametrize("address", ["unix:///run/metrics", "fd:3", "somewhere", "0.0.0.0:99999"])
def test_what_is_no_address_of_it(loader: Loader, address: str) -> None:
    error = loader.error(f'{LEGACY}\nmetrics_address = "{address}"\n')
    assert "44180" in error.remedy
