"""What needs more than a session leads to the provider, with claims, at the next page the person opens."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from lampgate.config.settings import StepUpRule
from lampgate.policy.step_up import challenge_in
from tests.gateway.stage import Stage

CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
ENCODED = b64encode(CLAIMS.encode()).decode()
PAGE = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Accept: text/html")
EXEC = StepUpRule(path=r"/clusters/[^/]+/api/v1/.*/exec", context="c1")
DELETE = StepUpRule(path=r"/clusters/.*", methods=("DELETE",), context="c2")


async def test_an_upstreams_challenge_is_taken_to_the_provider_once() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("GET /clusters/main/api/v1/secrets HTTP/1.1"))
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers(
            b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm="", error="insufficient_claims", '
            + f'claims="{ENCODED}"\r\nContent-Length: 2\r\n\r\nno'.encode()
        )
        status, headers, _ = await client.gets_answer()
        assert (status, headers["x-reload"]) == (401, "reload")
        client.sends(stage.request("GET /c/main HTTP/1.1", *PAGE))
        assert (await client.gets_answer())[0] == 200
        (asked,) = stage.portal_requests
        assert asked["path"] == "/oauth2/start"
        assert parse_qs(asked["query_string"].decode()) == {"rd": ["/c/main"], "claims": [CLAIMS]}
        client.sends(stage.request("GET /c/main HTTP/1.1", *PAGE))
        assert b"GET /c/main HTTP/1.1" in await origin.receives_head()


@pytest.mark.parametrize(
    "line", ["GET /clusters/main/api/v1/pods/a/exec HTTP/1.1", "DELETE /clusters/main/x HTTP/1.1"]
)
async def test_a_rule_keeps_a_script_out_until_the_context_is_met(line: str) -> None:
    async with Stage(step_up=(EXEC, DELETE)) as stage:
        client = await stage.client()
        client.sends(stage.request(line))
        status, headers, body = await client.gets_answer()
        assert (status, headers["x-reload"]) == (401, "reload")
        assert b"stronger sign-in" in body
        client.sends(stage.request("GET /c/main HTTP/1.1", *PAGE))
        await client.gets_answer()
        (asked,) = stage.portal_requests
        claims = json.loads(parse_qs(asked["query_string"].decode())["claims"][0])
        context = claims["access_token"]["acrs"]["value"]
        assert context == ("c1" if "exec" in line else "c2")
        assert stage.origin_untouched
        met = replace(stage.session("s2"), contexts=(context,))
        client.sends(stage.request(line, f"Cookie: {stage.cookie(met)}", signed_in=False))
        origin = await stage.origin()
        assert line.encode() in await origin.receives_head()


async def test_a_page_that_needs_it_leads_there_at_once() -> None:
    async with Stage(step_up=(StepUpRule(path="/admin", context="c3"),)) as stage:
        client = await stage.client()
        client.sends(stage.request("GET /admin HTTP/1.1", *PAGE))
        await client.gets_answer()
        assert b"%22c3%22" in stage.portal_requests[0]["query_string"]
        assert stage.origin_untouched


@pytest.mark.parametrize(
    ("value", "claims"),
    [
        (f'Bearer error="insufficient_claims", claims="{ENCODED}"', CLAIMS),
        (f'Bearer error="insufficient_claims", claims="{ENCODED.rstrip("=")}"', CLAIMS),
        (f'bearer claims="{ENCODED}", ERROR=insufficient_claims', CLAIMS),
        (f'Bearer error="invalid_token", claims="{ENCODED}"', ""),
        ('Bearer error="insufficient_claims"', ""),
        ('Bearer error="insufficient_claims", claims="!"', ""),
        (f'Bearer error="insufficient_claims", claims="{b64encode(b"[1]").decode()}"', ""),
        (f'Bearer error="insufficient_claims", claims="{b64encode(b"x" * 3000).decode()}"', ""),
        (f'Bearer error="insufficient_claims", claims="{b64encode(b"[" * 1400).decode()}"', ""),
    ],
)
def test_challenges(value: str, claims: str) -> None:
    assert challenge_in(f"HTTP/1.1 401 x\r\nWWW-Authenticate: {value}\r\n\r\n".encode()) == claims
