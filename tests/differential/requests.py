"""What is asked, and with which flags."""

from __future__ import annotations

from base64 import b64encode

from tests.differential.stage import Ask

_NAVIGATES = {
    "Accept": "text/html,application/xhtml+xml",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "none",
}
_SCRIPT = {"Accept": "application/json", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
_ANYTHING = {"Accept": "*/*"}
_FORGED = {
    "Accept": "application/json",
    "X-Forwarded-User": "root",
    "X-Forwarded-Email": "root@example.com",
    "X-Forwarded-Access-Token": "forged",
    "Authorization": "Bearer forged",
    "X-Forwarded-For": "1.2.3.4",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Own": "1",
}
_PATHS = ("/", "/api/v1/pods?limit=5", "/a//b", "/static/app.js", "/public/page", "/a%20b")
_ENDPOINTS = (
    "/oauth2/auth",
    "/oauth2/userinfo",
    "/oauth2/sign_in",
    "/oauth2/start?rd=/a",
    "/oauth2/callback",
    "/ping",
    "/ready",
    "/robots.txt",
    "/oauth2/nothing",
    "/oauth2/static/css/bulma.min.css",
)

REQUESTS: tuple[Ask, ...] = (
    *(
        Ask("GET", path, headers, signed_in)
        for path in _PATHS
        for headers in (_NAVIGATES, _SCRIPT, _ANYTHING, _FORGED)
        for signed_in in (True, False)
    ),
    *(
        Ask(method, "/api/x", _SCRIPT, signed_in)
        for method in ("POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
        for signed_in in (True, False)
    ),
    *(
        Ask("GET", path, headers, signed_in)
        for path in _ENDPOINTS
        for headers in (_NAVIGATES, _SCRIPT)
        for signed_in in (True, False)
    ),
    *(
        Ask("GET", f"/oauth2/start?rd={target}", _NAVIGATES, signed_in=False)
        for target in ("/a/b", "//evil.example", "https://evil.example/", "/%5Cevil.example", "")
    ),
    *(
        Ask("GET", path, _NAVIGATES)
        for path in ("/oauth2/sign_out", "/oauth2/sign_out?rd=/a", "/oauth2/sign_out?rd=//e")
    ),
)


def _basic(name: str, password: str) -> dict[str, str]:
    return _SCRIPT | {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


#: Asked where there is a file of passwords.
WITH_PASSWORDS: tuple[Ask, ...] = tuple(
    Ask("GET", path, _basic(*credentials), signed_in)
    for path in ("/api/x", "/oauth2/auth", "/oauth2/userinfo", "/oauth2/auth?allowed_groups=sre,x")
    for credentials in (("rita", "open sesame"), ("bot", "barley"), ("rita", "wrong"), ("nobody", "x"), ("", ""))
    for signed_in in (True, False)
)

#: Where sign-ins want to return to, with and without the list of hosts.
RETURNS = (
    "/a/b?x=1", "/", "", "//evil.example", "/\\evil.example", "https://evil.example/", "https://listed.example/x",
    "https://app.listed.example/x?y=1#z", "https://app.listed.example:8443/x", "https://listed.example.evil.example/",
    "https://app.listed.example@evil.example/", "https://app.listed.example/a/../../b", "http://app.listed.example/x",
    "https://app.listed.example", "app.listed.example/x", "/oauth2/sign_out", "/a//b", "/a?u=https://x.example/",
)  # fmt: skip

VARIANTS: dict[str, tuple[str, ...]] = {
    "nothing special": (),
    "straight to the provider": ("--skip-provider-button=true",),
    "tokens and the person": (
        "--skip-provider-button=true",
        "--pass-access-token=true",
        "--pass-authorization-header=true",
        "--set-xauthrequest=true",
        "--set-authorization-header=true",
    ),
    "open paths": (
        "--skip-provider-button=true",
        "--skip-auth-route=GET=^/public/",
        "--skip-auth-preflight=true",
        "--api-route=^/api/",
    ),
    "passwords": (
        "--htpasswd-file=PASSWORDS",
        "--htpasswd-user-group=sre",
        "--basic-auth-password=shared",
        "--set-basic-auth=true",
        "--set-xauthrequest=true",
        "--prefer-email-to-user=true",
        "--whitelist-domain=.listed.example",
    ),
    "behind a proxy": (
        "--skip-provider-button=true",
        "--reverse-proxy=true",
        "--trusted-proxy-ip=127.0.0.1",
        "--pass-user-headers=false",
    ),
}
