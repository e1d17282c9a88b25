"""What the settings model cannot judge: placeholders, what is unsafe, what contradicts itself, missing files.

The rules about provider and upstream URLs are those that oauth2-proxy's configurations are held to (`conversion`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath

from lampgate.config.errors import InvalidValueError, MissingSettingError, PlaceholderLeftError, UnreadableConfigError
from lampgate.config.findings import Findings
from lampgate.config.native.placing import Path, place_of
from lampgate.config.native.reading import Reading
from lampgate.config.native.written import written_headers, written_provider
from lampgate.config.oauth2_proxy.conversion.client_authentication import FEDERATED_TOKEN_FILE
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.conversion.headers import header_injections
from lampgate.config.oauth2_proxy.conversion.passwords import judge_htpasswd
from lampgate.config.oauth2_proxy.conversion.provider import provider_settings
from lampgate.config.oauth2_proxy.conversion.upstream_urls import upstream_url
from lampgate.config.oauth2_proxy.conversion.urls import UrlError, parse_url
from lampgate.config.oauth2_proxy.placeholders import find_placeholder
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.settings import (
    ClientSecretFile,
    FederatedToken,
    HeaderInjection,
    Place,
    Settings,
    UpstreamSettings,
)

_OWN_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", re.ASCII)
_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}", re.ASCII)
_COOKIE_PREFIX = re.compile(r"__(?:Host|Secure)-", re.IGNORECASE)
_COOKIE_DOMAIN = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", re.ASCII)
#: A canonical path: no escapes, no empty segment, no dot segment (RFC 3986 section 3.3).
_UPSTREAM_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?", re.ASCII)
_EMAIL_DOMAIN = re.compile(r"\*|(?:\*?\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_PUBLIC_URL_REMEDY = "Write scheme and host only, e.g. https://headlamp.company.com"


class Judge:
    """Holds a file's settings against the rules."""

    def __init__(self, settings: Settings, reading: Reading, root: Place) -> None:
        self._settings = settings
        self._reading = reading
        self._root = root
        self._findings = reading.findings

    def judge(self) -> None:
        """Report everything that breaks a rule."""
        self._provider()
        self._client_authentication()
        self._cookie()
        self._allow()
        self._upstreams()
        self._portal()
        self._passwords()
        self._trusted_proxies()
        if self._settings.session.cookie.secret is None:
            self._findings.note(
                "config.no-cookie-secret",
                "There is no cookie secret, so each process makes up its own: sessions end at a restart and are not "
                "shared between replicas. To keep them, set session.cookie.secret or session.cookie.secret_file. "
                "Make one with: openssl rand -base64 32 | tr -- '+/' '-_'",
            )

    def _place(self, *path: str | int) -> Place:
        return place_of(path, self._reading.places, self._root)

    def _provider(self) -> None:
        """Provider and injected headers."""
        provider = self._settings.provider

        def place(name: str) -> Place:
            return self._place("provider", name)

        # Files with the provider's certificates are read by its rules.
        draft = Draft(self._findings, {}, self._reading.outside.read_text)
        provider_settings(written_provider(provider, place), draft)
        for setting in ("inject", "inject_response"):
            headers: tuple[HeaderInjection, ...] = getattr(self._settings, setting)
            claims = [value.claim for header in headers for value in header.values]
            further = {claim: claim for claim in claims if ":" in claim}

            def place_of_header(index: int, setting: str = setting) -> Place:
                return self._place(setting, index)

            header_injections(written_headers(headers, place_of_header), draft, setting, further)

    def _client_authentication(self) -> None:
        authentication = self._settings.provider.client_authentication
        place = self._place("provider", "client_authentication")
        match authentication:
            case FederatedToken(path=None) if not self._reading.outside.environ.get(FEDERATED_TOKEN_FILE):
                self._findings.error(
                    MissingSettingError,
                    f"The client authenticates with a federated token, and {FEDERATED_TOKEN_FILE} is not set",
                    place=place,
                    remedy='Label the pod azure.workload.identity/use: "true" and annotate its service account with '
                    "azure.workload.identity/client-id, so that AKS sets the variable; or give client_secret",
                )
            case FederatedToken(path=FilePath() as path) | ClientSecretFile(path=path):
                self._readable(path, "the client's credential", place)
            case _:
                pass

    def _readable(self, path: FilePath, what: str, place: Place) -> None:
        try:
            cause = "" if self._reading.outside.read_text(path).strip() else "it is empty"
        except OSError as error:
            cause = error.strerror or os.strerror(error.errno or 0)
        if cause:
            self._findings.error(
                UnreadableConfigError,
                f"The file with {what} cannot be used",
                place=place,
                cause=cause,
                remedy="Check that the volume is mounted and that this process may read the file",
            )

    def _cookie(self) -> None:
        cookie = self._settings.session.cookie
        if not _COOKIE_NAME.fullmatch(cookie.name) or _COOKIE_PREFIX.match(cookie.name):
            self._error(
                "This is not a usable name of a cookie",
                "Use up to 200 letters, digits, dashes and underscores, without __Host-, which is put in front",
                "session", "cookie", "name",
            )  # fmt: skip
        if cookie.domain is not None and not _COOKIE_DOMAIN.fullmatch(cookie.domain):
            self._error(
                "This is not a domain that a cookie can have",
                "Write a domain such as example.com without a dot in front, or remove it",
                "session", "cookie", "domain",
            )  # fmt: skip

    def _allow(self) -> None:
        allow = self._settings.allow
        domains = allow.email_domains
        if not (domains or allow.users or allow.emails_file or self._settings.passwords):
            self._findings.error(
                MissingSettingError,
                "It is not said who may sign in: there are no e-mail domains",
                place=self._place("allow", "email_domains"),
                remedy='Add allow with email_domains: ["company.com"]; "*" admits whomever the provider signs in',
            )
        for index, domain in enumerate(domains):
            if _EMAIL_DOMAIN.fullmatch(domain):
                continue
            is_placeholder = find_placeholder(domain) is not None
            self._findings.error(
                PlaceholderLeftError if is_placeholder else InvalidValueError,
                "An e-mail domain is still a placeholder" if is_placeholder else "An e-mail domain is not one",
                place=self._place("allow", "email_domains", index),
                remedy="Write what follows the @ in small letters, e.g. company.com, or *.company.com",
            )

    def _passwords(self) -> None:
        if self._settings.passwords is not None:
            draft = Draft(self._findings, {}, self._reading.outside.read_text)
            judge_htpasswd(self._settings.passwords.file, self._place("passwords", "file"), draft)

    def _upstreams(self) -> None:
        draft = Draft(self._findings, {}, self._reading.outside.read_text)
        for index, upstream in enumerate(self._settings.upstreams):
            path: Path = ("upstreams", index)
            upstream_url(Written(upstream.url, self._place(*path, "url")), draft)
            if not upstream.rewrite_target and not _UPSTREAM_PATH.fullmatch(upstream.path):
                self._error(
                    "An upstream's path is not a plain path",
                    "Leave out escapes, empty and dot segments; end it with / to match all below it",
                    *path, "path",
                )  # fmt: skip
            for file, name in _files(upstream):
                self._readable(file, "a certificate or key for an upstream", self._place(*path, "tls", name))
            for earlier in self._settings.upstreams[:index]:
                if earlier.id == upstream.id:
                    self._error("Two upstreams have the same id", "Change one of them", *path, "id")
                if earlier.path == upstream.path:
                    self._error("Two upstreams are for the same path", "Change one of them", *path, "path")

    def _portal(self) -> None:
        portal = self._settings.portal
        paths = {"prefix": portal.prefix, "ping_path": portal.ping_path, "ready_path": portal.ready_path}
        for name, path in paths.items():
            if not _OWN_PATH.fullmatch(path):
                self._error(
                    f"{name} takes a path below which nothing of the dashboard lies",
                    "Write e.g. /oauth2, without a slash at its end",
                    "portal", name,
                )  # fmt: skip
        if len(set(paths.values())) < len(paths):
            self._error("prefix, ping_path and ready_path have to differ from each other", "Change one", "portal")

    def _trusted_proxies(self) -> None:
        for index, network in enumerate(self._settings.trusted_proxies):
            if network.prefixlen == 0:
                self._error(
                    "trusted_proxies names every address there is, so anybody could claim any host",
                    "Write the network of the ingress's pods, e.g. 10.244.0.0/16",
                    "trusted_proxies", index,
                )  # fmt: skip

    def _error(self, sentence: str, remedy: str, *path: str | int) -> None:
        self._findings.error(InvalidValueError, sentence, place=self._place(*path), remedy=remedy)


def public_origin(text: str, place: Place, findings: Findings) -> str | None:
    """The origin of a public URL; None, with the error found, where it is none."""
    if find_placeholder(text) is not None:
        findings.error(
            PlaceholderLeftError,
            "The public URL still holds a placeholder",
            place=place,
            remedy="Put the address there under which people open the dashboard",
        )
        return None
    try:
        url = parse_url(text)
    except UrlError as problem:
        findings.error(InvalidValueError, f"The public URL {problem}", place=place, remedy=_PUBLIC_URL_REMEDY)
        return None
    sentence = ""
    if url.scheme != "https" and not (url.scheme == "http" and url.is_loopback):
        sentence = "is not https, so sessions could be read on the way; plain http is for localhost only"
    elif url.path not in ("", "/") or url.query or url.fragment:
        sentence = "has a path"
    if sentence:
        findings.error(InvalidValueError, f"The public URL {sentence}", place=place, remedy=_PUBLIC_URL_REMEDY)
        return None
    return url.origin


def _files(upstream: UpstreamSettings) -> Iterator[tuple[FilePath, str]]:
    named: Mapping[str, FilePath | None] = {
        "certificate_file": upstream.tls.certificate_file,
        "key_file": upstream.tls.key_file,
    }
    for file in upstream.tls.ca_files:
        yield file, "ca_files"
    for name, path in named.items():
        if path is not None:
            yield path, name
