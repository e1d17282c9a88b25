"""What is counted, and how Prometheus gets it."""

from __future__ import annotations

import asyncio
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lampgate.config.settings import LimitSettings, MetricsSettings
from lampgate.gateway.limits import Limits
from lampgate.gateway.metrics_listener import MetricsAddressError, MetricsListener
from lampgate.observe.metrics import Metrics
from tests.gateway.stage import Stage


async def scrape(metrics: Metrics) -> dict[str, float]:
    """Every sample, by name and labels."""
    listener = MetricsListener(metrics, MetricsSettings(port=0))
    listener.start()
    try:
        url = f"http://127.0.0.1:{listener.port}/metrics"
        with await asyncio.to_thread(urllib.request.urlopen, url) as answer:
            text = answer.read().decode()
    finally:
        await asyncio.to_thread(listener.stop)
    return {
        sample.name + "".join(f",{name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_conversation_is_counted() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request())
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers_ok(b"x" * 100)
        await client.gets_answer()
        client.sends(stage.request("GET /clusters/a HTTP/1.1", signed_in=False))
        assert (await client.gets_answer())[0] == 401
        samples = await scrape(stage.metrics)
        assert samples["lampgate_responses_total,code=200"] == 1
        assert samples["lampgate_responses_total,code=401"] == 1
        assert samples["lampgate_response_seconds_count"] == 2
        assert samples["lampgate_response_seconds_bucket,le=+Inf"] == 2
        assert samples["lampgate_sent_bytes_total"] > 100
        assert samples["lampgate_session_lookups_total,outcome=found"] == 1
        assert samples["lampgate_connections"] == 1
        assert samples["lampgate_sessions"] == 1
        assert samples["lampgate_upstream_idle_connections"] == 1
        assert "process_resident_memory_bytes" in samples


async def test_refusals_are_counted_by_limit() -> None:
    async with Stage(limits=Limits(body_bytes=10, connections=1)) as stage:
        client = await stage.client()
        client.sends(stage.request("POST /a HTTP/1.1", "Content-Length: 11", body=b"x" * 11))
        assert (await client.gets_answer())[0] == 413
        other = await stage.client()
        assert (await other.gets_answer())[0] == 503
        samples = await scrape(stage.metrics)
        assert samples["lampgate_limit_refusals_total,limit=body_bytes"] == 1
        assert samples["lampgate_limit_refusals_total,limit=connections"] == 1
        assert stage.origin_untouched


async def test_a_chunked_body_is_cut_off_where_it_gets_too_large() -> None:
    async with Stage(limits=Limits(body_bytes=10)) as stage:
        client = await stage.client()
        client.sends(stage.request("POST /a HTTP/1.1", "Transfer-Encoding: chunked", body=b"8\r\n" + b"x" * 8))
        origin = await stage.origin()
        await origin.receives_head()
        client.sends(b"\r\n8\r\nxxx")
        assert (await client.gets_answer())[0] == 413
        assert b"0\r\n\r\n" not in await origin.receives_end()


async def test_an_upstreams_own_limit_counts_before_the_general_one() -> None:
    async with Stage(limits=Limits(body_bytes=10), upstream={"body_bytes": 20}) as stage:
        client = await stage.client()
        client.sends(stage.request("POST /a HTTP/1.1", "Content-Length: 20", body=b"x" * 20))
        origin = await stage.origin()
        await origin.receives_head()
        assert await origin.receives(20) == b"x" * 20


async def test_an_upstream_that_is_away_is_counted_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async with Stage() as stage:
        stage._origin.close()
        for _ in range(3):
            client = await stage.client()
            client.sends(stage.request())
            assert (await client.gets_answer())[0] == 502
        samples = await scrape(stage.metrics)
        assert samples["lampgate_upstream_failures_total,problem=upstream.unreachable,upstream=main"] == 3
        assert len([record for record in caplog.records if "upstream “main”" in record.message]) == 1


def test_an_address_that_is_taken_is_named() -> None:
    first = MetricsListener(Metrics(), MetricsSettings(port=0))
    first.start()
    try:
        with pytest.raises(MetricsAddressError, match=f"127.0.0.1:{first.port}"):
            MetricsListener(Metrics(), MetricsSettings(port=first.port)).start()
    finally:
        first.stop()


def test_every_limit_of_the_settings_has_the_same_default_on_the_data_path() -> None:
    assert Limits.of(LimitSettings()) == Limits()
