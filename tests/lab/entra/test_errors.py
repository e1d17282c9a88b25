"""How an error is written down."""

from __future__ import annotations

import string

import pytest

from lampgate.lab.entra.errors import CODES, EntraError, incident, iso7

CORRELATION = "7b0f2f2e-3f1c-4c43-9a1d-0c8d2f6f1a55"


def test_body_has_entras_members() -> None:
    error = EntraError(50076, claims='{"access_token":{}}', resource_id="6dae")
    body = incident(1_739_296_985, CORRELATION).body(error, "http://127.0.0.1:1")
    trace = body["trace_id"]
    assert body == {
        "error": "invalid_grant",
        "error_description": (
            "AADSTS50076: Due to a configuration change made by your administrator, or because you moved to a new "
            "location, you must use multi-factor authentication to access '6dae'. "
            f"Trace ID: {trace} Correlation ID: {CORRELATION} Timestamp: 2025-02-11 18:03:05Z"
        ),
        "error_codes": [50076],
        "timestamp": "2025-02-11 18:03:05Z",
        "trace_id": trace,
        "correlation_id": CORRELATION,
        "error_uri": "http://127.0.0.1:1/error?code=50076",
        "suberror": "basic_action",
        "claims": '{"access_token":{}}',
    }


@pytest.mark.parametrize("header", [None, "", "not a guid", "<script>"])
def test_a_bad_client_request_id_is_replaced(header: str | None) -> None:
    assert incident(0, header).correlation_id not in (header, "")


@pytest.mark.parametrize(
    ("code", "status"), [(7000215, 401), (700213, 401), (54005, 400), (65001, 400), (90033, 503), (50011, 400)]
)
def test_status(code: int, status: int) -> None:
    assert EntraError(code).status == status


@pytest.mark.parametrize("code", CODES)
def test_every_text_can_be_written_without_its_parameters(code: int) -> None:
    names = {name for _, name, _, _ in string.Formatter().parse(CODES[code].template) if name}
    message = EntraError(code).message
    assert message
    assert message.count("unknown") >= len(names)


def test_moments_have_seven_digits() -> None:
    assert iso7(1_690_888_081.527_457) == "2023-08-01T11:08:01.5274570Z"
