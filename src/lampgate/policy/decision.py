"""The one gate (invariant 1): request head + session -> what is to be done with the request.

Pure. Nothing reaches an upstream but through `Forward` (`Supply`, where the upstream is files or a fixed answer), and
`decide` returns these only for a session that was found good and a request that is not another site's. Every method,
path and upgrade comes through here.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from lampgate.config.backtracking import LONGEST_TEXT
from lampgate.config.re2 import compile_re2
from lampgate.config.settings import Settings, UpstreamSettings
from lampgate.policy import cross_site, headlamp, step_up
from lampgate.policy.open_access import OpenAccess
from lampgate.policy.problem import Problem, Wants
from lampgate.policy.routes import Routes
from lampgate.policy.slash import slash_missing
from lampgate.policy.step_up import StepUpRules
from lampgate.policy.wants import is_navigation, wants
from lampgate.session.store import Absent, Found, Lookup, Unknown
from lampgate.wire.head import RequestHead, fold
from lampgate.wire.header_rules import RequestHeaders
from lampgate.wire.origin import Origin
from lampgate.wire.request_parser import BadRequestError
from lampgate.wire.target import Target


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the request on, with the session's headers. Also the decision for a permitted upgrade.

    :ivar added: complete header lines for the answer, each ending in CRLF.
    :ivar target: the request target to send, where it is not the one received; judged like that one.
    """

    upstream: UpstreamSettings
    added: bytes = b""
    target: bytes = b""


@dataclass(frozen=True, slots=True)
class Supply:
    """Answer in the place of an upstream that is no server: a fixed answer, or a file. As permitted as `Forward`.

    :ivar path: of the file, relative to the upstream's directory; canonical.
    """

    upstream: UpstreamSettings
    path: str


@dataclass(frozen=True, slots=True)
class Serve:
    """Let the portal answer, at ``path`` with ``query`` (which may differ from what was asked for)."""

    path: str
    query: bytes


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with a problem."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Challenge:
    """The session is good, and the request needs more: the next page leads to the provider with these claims."""

    claims: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Anonymous:
    """The operator has opened this: let it pass as nobody's, whether there is a session or not."""

    decision: Forward | Supply


Decision = Anonymous | Challenge | Forward | Supply | Serve | Refuse

#: Why there is no session, for those reasons that a person can make sense of.
_REASONS = {
    "idle": "The session has ended, because nobody used the dashboard for a while.",
    "expired": "The session has reached its end.",
    "revoked": "The session was signed out.",
}
_NO_UPSTREAM = Problem(
    status=404,
    code="route.none",
    title="Nothing here",
    sentence="No upstream is configured for this path.",
)
_TOO_LONG = Problem(
    status=414,
    code="route.path-too-long",
    title="The path is too long",
    sentence=f"Paths of more than {LONGEST_TEXT} characters are not matched with the upstreams' expressions.",
)


class Policy:
    """The settings' rules in the form decisions need.

    :ivar dropped_cookies: starts of the names of cookies that never cross the gateway.
    """

    def __init__(self, settings: Settings) -> None:
        self._routes = Routes(settings.upstreams)
        plain = [upstream for upstream in settings.upstreams if upstream.is_server and not upstream.rewrite_target]
        self._forwards = {upstream.id: Forward(upstream) for upstream in plain}
        self._sandboxed = {upstream.id: Forward(upstream, _sandbox(upstream)) for upstream in plain}
        self._prefix = settings.portal.prefix
        self._below_prefix = f"{self._prefix}/"
        self._own_paths = frozenset((settings.portal.ping_path, settings.portal.ready_path, self._prefix))
        self._api_routes = tuple(map(compile_re2, settings.portal.api_routes))
        self._skip_sign_in_page = settings.portal.skip_sign_in_page
        self._injected = frozenset(fold(injection.name.encode("ascii")) for injection in settings.inject)
        cookie_name = settings.session.cookie.name.encode("ascii")
        # "__Host-x" and "x" both, and the parts and sign-in attempts whose names go on behind them. A cookie left
        # over from oauth2-proxy holds the person's tokens, so it stays out as well.
        self._own_cookies = (cookie_name, b"__Host-" + cookie_name, b"__Secure-" + cookie_name, b"_oauth2_proxy")
        self._open_access = OpenAccess(settings.open_access)
        self._step_up = StepUpRules(settings.step_up)
        self._request_headers = {
            "plain": RequestHeaders(self._injected),
            "headlamp": RequestHeaders(self._injected | headlamp.HEADERS),
        }
        self._dropped_cookies = {
            "plain": self._own_cookies,
            "headlamp": self._own_cookies + headlamp.COOKIE_PREFIXES,
        }

    def request_headers(self, upstream: UpstreamSettings) -> RequestHeaders:
        """Which of a client's headers reach this upstream."""
        return self._request_headers[upstream.profile]

    def dropped_cookies(self, upstream: UpstreamSettings) -> tuple[bytes, ...]:
        """Starts of the names of cookies that do not pass to or from this upstream."""
        return self._dropped_cookies[upstream.profile]

    @property
    def opens_anything(self) -> bool:
        """Whether anything passes without a session; if not, nobody has to find out who asks."""
        return bool(self._open_access)

    def decide(self, head: RequestHead, target: Target, origin: Origin, lookup: Lookup, client: str = "") -> Decision:
        """What to do with a request.

        :param client: the address of whoever asks, where `opens_anything`.

        :param target: judged; rules look at its canonical path.
        :param origin: the gateway's own, as the browser sees it.
        :param lookup: what is known of the session.
        """
        path = target.path
        if path in self._own_paths or path.startswith(self._below_prefix):
            return Serve(path, target.query)
        if self._routes.rewritings and len(path) > LONGEST_TEXT:
            return Refuse(_TOO_LONG)
        upstream = self._routes.find(path)
        refusal = cross_site.refusal(head, origin)
        if (
            self._open_access
            and (refusal is not None or not isinstance(lookup, Found))
            and self._open_access.admits(head, target, client)
        ):
            # Another site's request passes as nobody's even from somebody's browser.
            passed = self._pass(head, target, upstream)
            return Anonymous(passed) if isinstance(passed, Forward | Supply) else passed
        if refusal is not None:
            return Refuse(refusal)
        if isinstance(lookup, Unknown):
            return Refuse(_unknown(lookup))
        if isinstance(lookup, Absent):
            return self._sign_in(head, target, upstream, lookup)
        if (
            upstream is not None
            and self._step_up
            and (context := self._step_up.missing(head, target, lookup.session.contexts))
        ):
            claims = step_up.claims_for(context)
            return Challenge(claims, step_up.problem(claims, headers=_reload_headers(head, upstream)))
        return self._pass(head, target, upstream)

    def wants(self, head: RequestHead, target: Target) -> Wants:
        """What kind of answer a request can make use of."""
        kind = wants(head, target.path)
        return Wants.JSON if kind is Wants.PAGE and self._api_routes and self._is_api(target) else kind

    def _is_api(self, target: Target) -> bool:
        uri = f"{target.path}?{target.query.decode('latin-1')}" if target.query else target.path
        return len(uri) <= LONGEST_TEXT and any(route.search(uri) for route in self._api_routes)

    def _pass(self, head: RequestHead, target: Target, upstream: UpstreamSettings | None) -> Decision:
        """Nothing is in the way: where to."""
        if upstream is None:
            return Refuse(self._nothing_at(target))
        if refusal := _upgrade_refusal(head, upstream):
            return Refuse(refusal)
        forwards = self._sandboxed if _may_show_a_page(head, target.path) else self._forwards
        return forwards.get(upstream.id) or self._elsewhere(head, target, upstream)

    def _elsewhere(self, head: RequestHead, target: Target, upstream: UpstreamSettings) -> Decision:
        """What is rare, and costs the usual request nothing: rewritten targets, and upstreams that are no servers."""
        rewriting = self._routes.rewritings.get(upstream.id)
        if rewriting is None:
            return Supply(upstream, target.path.removeprefix(upstream.path))
        try:
            judged = rewriting.judged(head, target)
        except BadRequestError as error:
            return Refuse(
                Problem(
                    status=error.status,
                    code="route.rewrite-refused",
                    title="Nothing here",
                    sentence="What this path would be rewritten to is not a path the upstream can be asked for.",
                    cause=error.sentence,
                )
            )
        if not upstream.is_server:
            return Supply(upstream, judged.path.removeprefix("/"))
        # The rules look at what the upstream will see.
        added = _sandbox(upstream) if _may_show_a_page(head, judged.path) else b""
        return Forward(upstream, added, judged.origin_form)

    def _nothing_at(self, target: Target) -> Problem:
        """What to say where no upstream is: perhaps only the slash at the end is missing."""
        if target.path == "*" or self._routes.find(f"{target.path}/") is None:
            return _NO_UPSTREAM
        return slash_missing(target)

    def _sign_in(
        self, head: RequestHead, target: Target, upstream: UpstreamSettings | None, absent: Absent
    ) -> Decision:
        if head.method in ("GET", "HEAD") and is_navigation(head) and not self._is_api(target):
            page = "start" if self._skip_sign_in_page else "sign_in"
            return_path = quote(target.origin_form.decode("latin-1"), safe="/", encoding="latin-1")
            claims = f"&claims={quote(absent.claims, safe='')}" if absent.claims else ""
            return Serve(f"{self._prefix}/{page}", f"rd={return_path}{claims}".encode("ascii"))
        return Refuse(
            Problem(
                status=401,
                code="session.none",
                title="Not signed in",
                sentence=_why_absent(absent),
                remedy="Open the dashboard in a browser to sign in.",
                headers=_reload_headers(head, upstream),
                action=("Sign in", f"{self._prefix}/start"),
            )
        )


def _sandbox(upstream: UpstreamSettings) -> bytes:
    return headlamp.SANDBOX_LINES if upstream.profile == "headlamp" else b""


def _reload_headers(head: RequestHead, upstream: UpstreamSettings | None) -> tuple[tuple[str, str], ...]:
    reload = upstream is not None and upstream.profile == "headlamp" and not head.upgrade
    return (headlamp.RELOAD_HEADER,) if reload else ()


def _unknown(lookup: Unknown) -> Problem:
    seconds = max(1, round(lookup.retry_after))
    return Problem(
        status=503,
        code="session.unknown",
        title="Please try again in a moment",
        sentence="Your session cannot be confirmed right now. You are not signed out.",
        remedy=f"Reload the page in {seconds} seconds.",
        headers=(("Retry-After", str(seconds)),),
    )


def _why_absent(absent: Absent) -> str:
    sentence = _REASONS.get(absent.reason)
    if sentence is not None:
        return sentence
    if absent.sentence:
        return f"The session has ended: the provider does not renew it. {absent.sentence}"
    return "There is no session for this request: it has ended, or nobody has signed in yet."


def _may_show_a_page(head: RequestHead, path: str) -> bool:
    """Whether what a workload answers may be shown as a page; ``empty`` is a script's own request."""
    return path.startswith(headlamp.CLUSTER_PREFIX) and not head.upgrade and head.first(b"sec-fetch-dest") != b"empty"


def _upgrade_refusal(head: RequestHead, upstream: UpstreamSettings) -> Problem | None:
    if not head.upgrade or upstream.profile != "headlamp":
        return None
    offered = head.first(b"sec-websocket-protocol")
    if headlamp.TOKEN_SUBPROTOCOL_PREFIX in offered:
        return Problem(
            status=400,
            code="request.token-in-subprotocol",
            title="A token of its own",
            sentence="This WebSocket brings a token of its own in its sub-protocols; the session's is used here.",
            remedy="Use a dashboard release that does not send tokens itself (Headlamp 0.35 or later).",
        )
    return None
