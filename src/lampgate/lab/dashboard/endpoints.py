"""Headlamp's own small endpoints, and one of the stand-in's: ``/clusters/<c>/token-facts``.

``token-facts`` lets the page explain a 401. It answers with five claims of the token that a request to the API
carries, unverified, and never with the token.
"""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from lampgate.lab.dashboard.credential import (
    CHUNK_SIZE,
    Claims,
    cookie_name,
    expired,
    groups,
    sent_token,
    shown_token,
    unverified_claims,
    username,
)

_NEVER_STORED = {
    "Cache-Control": "no-store, no-cache, must-revalidate, private",
    "Pragma": "no-cache",
    "Expires": "0",
    "Vary": "Cookie",
}

#: How long a browser keeps the token cookie, in seconds: Headlamp's ``-session-ttl``.
_SESSION_TTL = 86_400


async def plugins(_: Request) -> Response:
    """The list of plugins: none. Headlamp's page does not render before this answers."""
    return JSONResponse([])


class ClusterEndpoints:
    """The endpoints that know the cluster's name."""

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster

    async def config(self, _: Request) -> Response:
        """Clusters and settings, in Headlamp's shape. An empty ``auth_type`` means: the header decides."""
        cluster = {"name": self._cluster, "server": "", "auth_type": "", "meta_data": {"source": "incluster"}}
        return JSONResponse(
            {
                "clusters": [cluster],
                "isDynamicClusterEnabled": False,
                "allowKubeconfigChanges": False,
                "isStandIn": True,
            }
        )

    async def me(self, request: Request) -> Response:
        """Who is signed in, from the token's claims. Display only: the signature is not checked."""
        claims, problem = _claims(shown_token(request, self._cluster))
        if claims is not None and expired(claims, time.time()):
            problem = "token expired"
        if claims is None or problem:
            return JSONResponse({"message": problem}, status_code=401, headers=_NEVER_STORED)
        email = claims.get("email")
        return JSONResponse(
            {
                "username": username(claims),
                "email": email if isinstance(email, str) else "",
                "groups": groups(claims),
            },
            headers=_NEVER_STORED,
        )

    async def token_facts(self, request: Request) -> Response:
        """What the token on its way to the API says about itself; an expired one too. 401 where there is no JWT."""
        claims, problem = _claims(sent_token(request, self._cluster))
        if claims is None:
            return JSONResponse({"message": problem}, status_code=401, headers=_NEVER_STORED)
        facts: dict[str, Any] = {name: claims.get(name) for name in ("aud", "iss", "ver", "exp")}
        return JSONResponse(facts | {"username": username(claims)}, headers=_NEVER_STORED)

    async def set_token(self, request: Request) -> Response:
        """Keep a token in Headlamp's cookie, or forget it where the body says ``{"token": null}``."""
        try:
            body = await request.json()
        except ValueError:
            return PlainTextResponse("Invalid JSON", status_code=400)
        token = body.get("token") if isinstance(body, dict) else None
        if token is not None and not isinstance(token, str):
            return PlainTextResponse("Invalid JSON", status_code=400)
        response = Response()
        self._forget(request, response)
        for index, start in enumerate(range(0, len(token or ""), CHUNK_SIZE)):
            self._cookie(request, response, index, (token or "")[start : start + CHUNK_SIZE], _SESSION_TTL)
        return response

    def _forget(self, request: Request, response: Response) -> None:
        index = 0
        while cookie_name(self._cluster, index) in request.cookies:
            self._cookie(request, response, index, "", 0)
            index += 1

    def _cookie(self, request: Request, response: Response, index: int, value: str, max_age: int) -> None:
        response.set_cookie(
            cookie_name(self._cluster, index),
            value,
            max_age=max_age,
            path=f"/clusters/{self._cluster}",
            secure=request.headers.get("x-forwarded-proto") == "https",
            httponly=True,
            samesite="strict",
        )


def _claims(token: str) -> tuple[Claims | None, str]:
    """The claims, or None and the reason in Headlamp's words."""
    if not token:
        return None, "unauthorized"
    claims = unverified_claims(token)
    return (claims, "") if claims is not None else (None, "invalid token")
