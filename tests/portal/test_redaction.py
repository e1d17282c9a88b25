"""No token, secret, code or state in any log line, page or ``repr``, whatever goes wrong."""

from __future__ import annotations

import logging

import httpx
import pytest
from pydantic import SecretStr

from lampgate.config.settings import ClientSecret
from lampgate.identity import attempt as attempts
from tests.identity.misbehaving_op import ACCESS_TOKEN, REFRESH_TOKEN
from tests.portal.conversation import Stage

CLIENT_SECRET = "s3cret-of-the-client"


async def test_nothing_secret_is_ever_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "lampgate")
    stage = await Stage(
        provider_changes={"client_authentication": ClientSecret(secret=SecretStr(CLIENT_SECRET))}
    ).ready()
    told: list[str] = []
    secrets = {ACCESS_TOKEN, REFRESH_TOKEN, CLIENT_SECRET}

    async def visit(parameters: dict[str, str]) -> httpx.Response:
        # The attempt's own secrets, before its cookie is gone.
        attempt = attempts.unpack(stage.cookies[f"__Host-lampgate-signin-{parameters['state'][:8]}"], stage.keys)
        assert attempt is not None
        secrets.update({attempt.state, attempt.nonce, attempt.code_verifier, parameters["code"]})
        told.extend([repr(attempt), repr(stage.settings), repr(stage.provider), repr(stage.keys)])
        response = await stage.come_back(parameters)
        told.append(response.text)
        return response

    # A provider that echoes what it was sent.
    stage.op.token_answer = lambda: httpx.Response(
        400, json={"error": "invalid_grant", "error_description": f"AADSTS70008 {stage.op.forms[-1]}"}
    )
    assert (await visit(await stage.begin())).status_code == 400
    parameters = await stage.begin()
    echo = {"error": "access_denied", "error_description": f"no: {parameters}"}
    assert (await visit(parameters | echo)).status_code == 403

    # ID tokens that are refused.
    stage.op.token_answer = None
    for claims in ({"nonce": "x"}, {"iss": "x"}, {"aud": "x"}):
        stage.op.claims = claims
        assert (await visit(await stage.begin())).status_code == 502

    # And one that is good.
    stage.op.claims = {}
    assert (await visit(await stage.begin())).status_code == 302
    session = stage.session
    assert session is not None
    secrets.add(session.id)
    told.append(repr(session))
    for path in ("/oauth2/", "/oauth2/userinfo", "/oauth2/auth", "/oauth2/nothing", "/oauth2/signed_out"):
        told.append((await stage.get(path)).text)
    await stage.get("/oauth2/sign_out")

    told.extend(record.getMessage() for record in caplog.records)
    told.extend(repr(record.args) for record in caplog.records)
    everything = "\n".join(told)
    assert [secret for secret in secrets if secret in everything] == []
    assert "signed in: subject=https://op.example#subject-of-rita" in caplog.text
    assert "signed out: subject=" in caplog.text


async def test_one_line_for_each_sign_in(caplog: pytest.LogCaptureFixture) -> None:
    stage = await Stage().ready()
    caplog.set_level(logging.INFO, "lampgate.portal")
    await stage.sign_in()
    stage.op.claims = {"name": "Eve\nsigned in: subject=somebody", "sub": "eve"}
    await stage.sign_in()
    stage.op.claims = {"nonce": "x"}
    await stage.sign_in()
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO", "WARNING"]
    assert all("\n" not in message for message in caplog.messages)
    assert caplog.messages[2].startswith("sign-in failed: code=provider.id-token-invalid")
