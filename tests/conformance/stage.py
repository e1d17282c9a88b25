"""oauth2-proxy's flags, one request, and what is decided about it: the level at which its own tables speak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lampgate.config.oauth2_proxy.command_line import read_command_line
from lampgate.config.settings import Settings
from lampgate.gateway.origins import Origins
from lampgate.policy.decision import Anonymous, Forward, Policy, Refuse, Serve, Supply
from lampgate.session.record import Session, Subject, Token
from lampgate.session.store import Absent, Found, Lookup
from lampgate.wire.request_parser import BadRequestError, RequestParser
from lampgate.wire.target import judge_target

_FLAGS = (
    "--provider=oidc",
    "--oidc-issuer-url=https://login.company.com",
    "--client-id=dashboard",
    "--client-secret=xyzzyplugh",
    "--cookie-secret=b9Jq1Zk3tXw7Lr5Vn8Pc2Yd6Hf0Gs4Ma",
    "--skip-provider-button=true",
)
_DEFAULTS = {"--upstream": "http://dashboard:80", "--email-domain": "*"}
NAVIGATES = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Accept: text/html")


def settings_of(*flags: str) -> Settings:
    """The settings of a command line; upstream and e-mail domain are given where it has none."""
    names = {flag.partition("=")[0] for flag in flags}
    defaults = [f"{name}={value}" for name, value in _DEFAULTS.items() if name not in names]
    loaded = read_command_line([*_FLAGS, *defaults, *flags], {}).loaded
    assert loaded is not None
    return loaded.settings


def session(*, id_token: str = "", **person: Any) -> Session:
    """Somebody signed in."""
    subject = Subject("https://login.company.com", **{"sub": "rita", **person})
    tokens = {"access_token": Token("T", 4_000_000_000)}
    return Session("s", subject, 0, 4_000_000_000, tokens=tokens, id_token=id_token)


def outcome(
    flags: Sequence[str], line: str, *headers: str, signed_in: Session | None = None, peer: str = "192.0.2.1"
) -> str:
    """``forwarded``, ``forwarded as nobody``, ``served /path``, or the status of a refusal.

    :param line: method and target.
    """
    settings = settings_of(*flags)
    block = "\r\n".join([f"{line} HTTP/1.1", "Host: dash.company.com", *headers, "", ""]).encode("latin-1")
    try:
        head = RequestParser().parse(block)
        target = judge_target(head.method, head.target, head.host)
    except BadRequestError as error:
        return str(error.status)
    origins, policy = Origins(settings), Policy(settings)
    lookup: Lookup = Found(signed_in) if signed_in is not None else Absent("no-cookie")
    client = origins.client_address(head, peer)
    decision = policy.decide(head, target, origins.origin(head, peer), lookup, client)
    match decision:
        case Forward() | Supply():
            return "forwarded"
        case Anonymous():
            return "forwarded as nobody"
        case Serve(path):
            return f"served {path}"
        case Refuse(problem):
            return str(problem.status)
        case _:
            return type(decision).__name__
