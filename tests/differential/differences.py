"""What lampgate does differently from oauth2-proxy, and why: docs/oauth2-proxy-differences.md is drawn from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.differential.stage import Ask

_OUTCOME = ("status", "reaches the upstream")


@dataclass(frozen=True, slots=True)
class Difference:
    """One of them.

    :ivar safer: oauth2-proxy's way is unsafe, or can be.
    :ivar explains: whether it explains that a field of a request's outcome differs, theirs and ours.
    """

    what: str
    why: str
    explains: Callable[[str, Ask, str, object, object], bool]
    safer: bool = False


def _outcome_at(*paths: str) -> Callable[[str, Ask, str, object, object], bool]:
    return lambda _variant, asked, field, _theirs, _ours: (
        asked.path.partition("?")[0] in paths and (field in _OUTCOME or field == "location" or "cookie" in field)
    )


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "The session's own cookie does not go on to the dashboard.",
        "It is worth the session: whatever the dashboard logs or runs would have it.",
        lambda _v, _a, field, _t, _o: field == "upstream's cookie",
        safer=True,
    ),
    Difference(
        "`Authorization`, `X-Forwarded-Email` and the like never come from the client, configured or not.",
        "A dashboard that believes such a header believes the gateway, so nobody else may write it.",
        lambda _v, asked, field, theirs, ours: (
            field.startswith("upstream's ")
            and theirs in asked.headers.values()
            and ours is None
            and field.removeprefix("upstream's ") in {name.lower() for name in asked.headers}
        ),
        safer=True,
    ),
    Difference(
        "`X-Forwarded-For`, `-Host` and `-Proto` of peers that are not listed are replaced.",
        "Anybody can write them (CVE-2026-40575); with `trusted-proxy-ip` they are kept.",
        lambda _v, asked, field, _t, _o: (
            field in ("upstream's x-forwarded-for", "upstream's x-forwarded-host", "upstream's x-forwarded-proto")
            and "X-Forwarded-Host" in asked.headers
        ),
        safer=True,
    ),
    Difference(
        "`X-Forwarded-Host` and `X-Forwarded-Proto` are always set.",
        "A dashboard behind the gateway makes its links with them.",
        lambda _v, _a, field, theirs, _o: (
            field in ("upstream's x-forwarded-host", "upstream's x-forwarded-proto") and theirs is None
        ),
    ),
    Difference(
        "Paths are forwarded as they came; runs of slashes are not redirected away.",
        "Kubernetes has paths in which they mean something. Decisions look at the path without them.",
        lambda _v, asked, field, _t, _o: "//" in asked.path.partition("?")[0] and field in (*_OUTCOME, "location"),
    ),
    Difference(
        "What is not an endpoint under `/oauth2` is answered with 404.",
        "The prefix is the gateway's own: nothing of it is passed on to the dashboard.",
        _outcome_at("/oauth2/nothing", "/oauth2/static/css/bulma.min.css"),
    ),
    Difference(
        "`/robots.txt` is the dashboard's.",
        "It is asked for like every path of it, and needs a session.",
        _outcome_at("/robots.txt"),
    ),
    Difference(
        "Only page visits are sent to the provider; everything else without a session gets a 401.",
        "Scripts cannot follow a redirect to another site. The browser says which it is (`Sec-Fetch-Mode`), not only "
        "`Accept: application/json`; `api-route` names further paths.",
        lambda variant, asked, field, theirs, ours: (
            not asked.signed_in
            and field in _OUTCOME
            and (
                (theirs, ours) in ((302, 401), (403, 401))
                or (variant == "open paths" and (theirs, ours) == (401, 302))
            )
        ),
    ),
    Difference(
        "The page with the sign-in button has status 200.",
        "It is a page, and nothing was forbidden.",
        lambda _v, _a, field, theirs, ours: field == "status" and (theirs, ours) == (403, 200),
    ),
    Difference(
        "`skip-auth-preflight` lets real preflights through only.",
        "Any `OPTIONS` request would do otherwise; a preflight has `Origin` and `Access-Control-Request-Method`.",
        lambda variant, asked, field, _t, _o: (
            variant == "open paths" and asked.method == "OPTIONS" and field in _OUTCOME
        ),
        safer=True,
    ),
    Difference(
        "The sign-in page leads on when somebody is signed in already.",
        "There is nothing left to do on it.",
        lambda _v, asked, field, _t, _o: (
            asked.path == "/oauth2/sign_in"
            and asked.signed_in
            and (field in ("status", "location") or "cookie" in field)
        ),
    ),
    Difference(
        "A callback that belongs to no sign-in gets 400 with an explanation, or leads on where there is a session.",
        "Going back in the browser is no failure of the server's.",
        _outcome_at("/oauth2/callback"),
    ),
    Difference(
        "A sign-in does not return to an endpoint of the gateway, nor to a path with dot segments or empty ones; its "
        "query may hold a URL.",
        "A link could sign people out, or mean another path to the next server. Only the path can lead astray.",
        lambda variant, asked, field, theirs, ours: (
            variant == "returns"
            and field == "way back"
            and ((asked.path == theirs and ours == "/") or (asked.path == ours and theirs == "/"))
        ),
        safer=True,
    ),
    Difference(
        "A host to return to without a path gets one.",
        "Browsers add it, too.",
        lambda variant, _a, field, theirs, ours: (
            variant == "returns" and field == "way back" and ours == f"{theirs}/"
        ),
    ),
    Difference(
        "Signing out answers with 303 and ends on a page that says so.",
        "A 303 turns a form into a page visit; `/` would start the next sign-in at once.",
        _outcome_at("/oauth2/sign_out"),
    ),
    Difference(
        "No `approval_prompt` is sent to the provider.",
        "It is a parameter of an old Google API.",
        lambda _v, _a, field, theirs, ours: (
            field == "location" and "approval_prompt" in str(theirs) and str(ours).startswith("provider: ")
        ),
    ),
    Difference(
        "The cookie of a sign-in under way is `SameSite=Lax`.",
        "Without the attribute, browsers differ in what they do.",
        lambda _v, _a, field, theirs, ours: (
            field == "sets the sign-in cookie" and ours == [*(theirs or []), "samesite"]  # type: ignore[misc]
        ),
        safer=True,
    ),
    Difference(
        "Answers do not carry `GAP-Auth`.",
        "It would show every page's scripts who is signed in; `set-xauthrequest` does so where it is wanted.",
        lambda _v, _a, field, _t, _o: field == "answer's gap-auth",
    ),
    Difference(
        "Refusals are pages for people and JSON with a reason for scripts; redirects have no body.",
        "“Unauthorized” alone helps nobody.",
        lambda _v, _a, field, _t, _o: field == "answer's content-type",
    ),
)


_INTRODUCTION = (
    "`tests/differential` runs oauth2-proxy itself beside lampgate, with the same flags, the same provider and the "
    "same requests, and compares statuses, redirects, cookies and the headers that reach the dashboard. Every "
    "difference is one of these; the options are in [oauth2-proxy-options.md](oauth2-proxy-options.md)."
)


def page() -> str:
    """The page in the docs."""
    rows = [f"| {each.what} | {each.why} | {'yes' if each.safer else ''} |" for each in DIFFERENCES]
    lines = ["# What is different from oauth2-proxy", "", _INTRODUCTION, ""]
    return "\n".join([*lines, "| lampgate | why | the safe side |", "| --- | --- | --- |", *rows, ""])
