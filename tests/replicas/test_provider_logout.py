"""The provider's word that somebody signed out reaches every replica, through the whole gateway."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx

from lampgate.lab import world
from lampgate.lab.entra.tokens import sign
from tests.replicas.clients import request
from tests.replicas.deployment import Deployment
from tests.store.servers import Server

EVENT = "http://schemas.openid.net/event/backchannel-logout"


async def tell(deployment: Deployment, port: int, sid: str) -> int:
    tenant = deployment.entra.tenant
    now = int(time.time())
    claims = {
        "iss": tenant.issuer,
        "aud": world.GATEWAY_APP_ID,
        "iat": now,
        "exp": now + 120,
        "jti": "one",
        "events": {EVENT: {}},
        "sid": sid,
        "tid": tenant.id,
    }
    async with httpx.AsyncClient(trust_env=False) as server:
        answer = await server.post(
            f"http://localhost:{port}/oauth2/backchannel_logout",
            data={"logout_token": sign(claims, tenant.keys.signing)},
        )
    return answer.status_code


async def test_told_to_one_replica_it_holds_in_all(tmp_path: Path, store: Server) -> None:
    async with Deployment(tmp_path, count=2, store=store) as deployment:
        ports = [replica.port for replica in deployment.replicas]
        cookie = await deployment.session(token_seconds=3000, provider_session="sid-1")
        other = await deployment.session(token_seconds=3000, provider_session="sid-2")
        for port in ports:
            assert (await request(port, cookie)).status == 200
        assert await tell(deployment, ports[0], "sid-1") == 200
        assert (await request(ports[0], cookie)).status == 401
        statuses = set()
        for _ in range(200):
            statuses.add((await request(ports[1], cookie)).status)
            if 401 in statuses:
                break
            await asyncio.sleep(0.02)
        assert 401 in statuses
        for port in ports:
            assert (await request(port, other)).status == 200
