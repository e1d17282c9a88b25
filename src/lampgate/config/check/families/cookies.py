"""The session's cookie: its secret, and who gets to see it."""

from __future__ import annotations

from collections.abc import Iterator

from lampgate.config.check.finding import Family, Finding, Rule, Severity
from lampgate.config.check.subject import Subject

SHORT_SECRET = Rule(
    "check.short-cookie-secret", Severity.WARNING, "The cookie secret has only 16 bytes",
    "A secret of 16 typed characters can be guessed far sooner than its length suggests, and whoever has it makes up "
    "sessions of anybody",
    "Make one with: openssl rand -base64 32 | tr -- '+/' '-_'",
)  # fmt: skip
NOT_SECURE = Rule(
    "check.cookie-not-secure", Severity.ERROR, "The session's cookie is sent without TLS as well",
    "A single http request to the host, which anybody on the way can provoke, shows the session to them",
    "Remove cookie-secure: false",
)  # fmt: skip
NOT_HTTP_ONLY = Rule(
    "check.cookie-not-httponly", Severity.ERROR, "Scripts of the page can read the session's cookie",
    "One injected script in the dashboard takes the session away",
    "Remove cookie-httponly: false",
)  # fmt: skip
WIDE_DOMAIN = Rule(
    "check.cookie-domain", Severity.WARNING, "The session's cookie goes to every host of a domain",
    "Each server below that domain receives people's sessions, and can set cookies that take their place",
    "Remove the cookie's domain: without it the cookie is for the dashboard's own host",
)  # fmt: skip
SAME_SITE = Rule(
    "check.cookie-samesite-none", Severity.WARNING, "The session's cookie goes along with requests of other sites",
    "Other sites can then act in the dashboard in the person's name (CSRF)",
    "Set cookie-samesite to lax",
)  # fmt: skip

#: 32 letters and digits may also be base64 of so many bytes.
_GOOD_LENGTH = 24


def secret(subject: Subject) -> Iterator[Finding]:
    """How long the secret is. Those that everybody knows are refused at loading already."""
    if subject.settings is None or subject.settings.session.cookie.secret is None:
        return
    if len(subject.settings.session.cookie.secret.get_secret_value()) < _GOOD_LENGTH:
        yield Finding(SHORT_SECRET, subject.places.get("session.cookie.secret", subject.place))


def attributes(subject: Subject) -> Iterator[Finding]:
    """Who gets to see the cookie."""
    for flag, rule in (("cookie-secure", NOT_SECURE), ("cookie-httponly", NOT_HTTP_ONLY)):
        place = subject.is_off(flag)
        if place is not None:
            yield Finding(rule, place)
    domains = subject.texts("cookie-domain")
    if domains is not None and any(domains[0]):
        yield Finding(WIDE_DOMAIN, domains[1])
    settings = subject.settings
    if settings is None:
        return
    if settings.session.cookie.domain is not None and not subject.is_oauth2_proxy:
        yield Finding(WIDE_DOMAIN, subject.places.get("session.cookie.domain", subject.place))
    if settings.session.cookie.same_site == "none":
        yield Finding(SAME_SITE, subject.places.get("session.cookie.same_site", subject.place))


FAMILY = Family("Cookies", (SHORT_SECRET, NOT_SECURE, NOT_HTTP_ONLY, WIDE_DOMAIN, SAME_SITE), (secret, attributes))
