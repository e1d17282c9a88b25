"""Sessions and their cookie."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import SecretBytes

from lampgate.config.errors import (
    InvalidValueError,
    MissingSettingError,
    PlaceholderLeftError,
    PublicSecretError,
    UnreadableConfigError,
    UnsupportedSettingError,
)
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.conversion.session_store import store_settings
from lampgate.config.oauth2_proxy.cookie_secret import is_public, key_bytes
from lampgate.config.oauth2_proxy.placeholders import is_placeholder
from lampgate.config.oauth2_proxy.resolution import Options
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.settings import CookieSettings, Place, RedisStoreSettings, SessionSettings

_GENERATE = "Make one with: openssl rand -base64 32 | tr -- '+/' '-_'"
_SAME_SITE: dict[str, Literal["lax", "strict", "none"]] = {
    "": "lax",
    "lax": "lax",
    "strict": "strict",
    "none": "none",
}
#: RFC 6265bis section 4.1.1, a token; oauth2-proxy allows 256 characters, and lampgate adds to the name.
_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}", re.ASCII)
_PREFIX = re.compile(r"__(?:Host|Secure)-", re.IGNORECASE)
_DOMAIN = re.compile(r"\.?(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", re.ASCII)


def session_settings(options: Options, draft: Draft) -> SessionSettings | None:
    """The settings; None where something in them is wrong."""
    values = {
        "cookie": _cookie(options, draft),
        "store": store_settings(options, draft),
        "lifetime": _lifetime(options, draft),
        "sign_in_timeout": _sign_in_timeout(options, draft),
    }
    if any(value is None for value in values.values()):
        return None
    settings = SessionSettings.model_validate(values | {"renew_after": _renew_after(options, draft)})
    if isinstance(settings.store, RedisStoreSettings) and settings.cookie.secret is None:
        draft.findings.error(
            MissingSettingError,
            "Replicas that share sessions need one cookie secret, and there is none",
            place=draft.places["session.store"],
            remedy=f"Set OAUTH2_PROXY_COOKIE_SECRET from a Kubernetes Secret. {_GENERATE}",
        )
        return None
    return settings


def _cookie(options: Options, draft: Draft) -> CookieSettings | None:
    name, is_right = _name(options, draft)
    domain, domain_is_right = _domain(options, draft)
    same_site = _same_site(options, draft)
    secrets = _secrets(options, draft)
    if not (is_right and domain_is_right) or secrets is None or same_site is None:
        return None
    named = {"name": name} if name is not None else {}
    return CookieSettings.model_validate({**named, **secrets, "domain": domain, "same_site": same_site})


def _name(options: Options, draft: Draft) -> tuple[str | None, bool]:
    written = options.written("cookie-name", str)
    if written is None or not written.value:
        return None, True
    draft.keep("session.cookie.name", written)
    name = _PREFIX.sub("", written.value, count=1)
    if name != written.value:
        draft.findings.note(
            "config.cookie-name-prefix",
            "The prefix of the cookie's name is left out: lampgate puts __Host- in front wherever browsers accept it",
            written.place,
        )
    if not _COOKIE_NAME.fullmatch(name):
        draft.findings.error(
            InvalidValueError,
            "This is not a usable name of a cookie",
            place=written.place,
            remedy="Use up to 200 letters, digits, dashes and underscores",
        )
        return None, False
    return name, True


def _domain(options: Options, draft: Draft) -> tuple[str | None, bool]:
    written = options.written("cookie-domain", tuple)
    if written is None or not any(written.value):
        return None, True
    draft.keep("session.cookie.domain", written)
    if len(written.value) > 1:
        draft.findings.error(
            UnsupportedSettingError,
            "More than one cookie domain is not supported",
            place=written.place,
            remedy="Keep one, or remove it: without it the cookie is for the dashboard's own host, which is safest",
        )
        return None, False
    domain = written.value[0].strip()
    if not _DOMAIN.fullmatch(domain):
        draft.findings.error(
            InvalidValueError,
            "This is not a domain that a cookie can have",
            place=written.place,
            remedy="Write a domain such as example.com, or remove it",
        )
        return None, False
    return domain.removeprefix(".").lower(), True


def _same_site(options: Options, draft: Draft) -> Literal["lax", "strict", "none"] | None:
    written = options.written("cookie-samesite", str)
    if written is None:
        return "lax"
    draft.keep("session.cookie.same_site", written)
    same_site = _SAME_SITE.get(written.value.strip().lower())
    if same_site is None:
        draft.findings.error(
            InvalidValueError,
            "cookie-samesite takes lax, strict or none",
            place=written.place,
            remedy="Write lax, or remove it",
        )
    return same_site


def _secrets(options: Options, draft: Draft) -> dict[str, object] | None:
    """The cookie's settings about its secret; None where something in them is wrong."""
    written = options.written("cookie-secret", str)
    if written is not None and not written.value:
        written = None
    file = options.written("cookie-secret-file", str)
    if file is not None and not file.value:
        file = None
    if written is not None and file is not None:
        draft.findings.error(
            InvalidValueError,
            "A cookie secret and a file with a cookie secret are both given",
            place=file.place,
            remedy=f"Keep one of them; the secret is at {written.place}",
        )
        return None
    if file is not None:
        return _from_file(file, draft)
    if written is None:
        draft.findings.note(
            "config.no-cookie-secret",
            "There is no cookie secret, so each process makes up its own: sessions end at a restart and are not "
            "shared between replicas. To keep them, set OAUTH2_PROXY_COOKIE_SECRET from a Kubernetes Secret. "
            + _GENERATE,
        )
        return {}
    draft.keep("session.cookie.secret", written)
    secret = _judge_secret(written.value, written.place, draft)
    return None if secret is None else {"secret": secret}


def _from_file(file: Written[str], draft: Draft) -> dict[str, object] | None:
    try:
        text = draft.read_text(Path(file.value))
    except OSError as error:
        draft.findings.error(
            UnreadableConfigError,
            "The file with the cookie secret cannot be read",
            place=file.place,
            cause=error.strerror or "",
            remedy="Check that the volume is mounted and that this process may read the file",
        )
        return None
    draft.keep("session.cookie.secret", file)
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) <= 1:
        secret = _judge_secret(text.rstrip("\r\n"), file.place, draft)
        return None if secret is None else {"secret": secret, "secret_file": Path(file.value)}
    judged = [_judge_secret(line.strip(), file.place, draft) for line in lines]
    secrets = [secret for secret in judged if secret is not None]
    if len(secrets) < len(lines):
        return None
    return {"secret": secrets[0], "earlier_secrets": tuple(secrets[1:]), "secret_file": Path(file.value)}


def _judge_secret(text: str, place: Place, draft: Draft) -> SecretBytes | None:
    if is_public(text):
        draft.findings.error(
            PublicSecretError,
            "The cookie secret is one that everybody knows or would guess (the Helm chart's default, a documented "
            "example, or a repeated pattern), so anybody could make up sessions",
            place=place,
            remedy=f"Use a secret of your own. {_GENERATE}",
        )
        return None
    if is_placeholder(text):
        draft.findings.error(
            PlaceholderLeftError, "The cookie secret is still a placeholder", place=place, remedy=_GENERATE
        )
        return None
    key = key_bytes(text)
    if key is None:
        draft.findings.error(
            InvalidValueError,
            "The cookie secret has to be 16, 24 or 32 bytes, plain or as base64url, and as written it is "
            f"{len(text.encode())} bytes long",
            place=place,
            remedy=_GENERATE,
        )
        return None
    return SecretBytes(key)


def _lifetime(options: Options, draft: Draft) -> float | None:
    written = options.written("cookie-expire", float)
    if written is None:
        return options.default("cookie-expire", float)
    draft.keep("session.lifetime", written)
    if written.value == 0:
        draft.findings.error(
            UnsupportedSettingError,
            "A session without end is not supported; with 0 oauth2-proxy's never ends on the server",
            place=written.place,
            remedy="Write how long people stay signed in at most, e.g. 12h",
        )
        return None
    return written.value


def _renew_after(options: Options, draft: Draft) -> float | None:
    """None where nothing or 0 is written: there 0 switches renewal off, here it leaves it to the token's end."""
    written = options.written("cookie-refresh", float)
    if written is None:
        return None
    draft.keep("session.renew_after", written)
    return written.value or None


def _sign_in_timeout(options: Options, draft: Draft) -> float | None:
    written = options.written("cookie-csrf-expire", float)
    if written is None:
        return options.default("cookie-csrf-expire", float)
    draft.keep("session.sign_in_timeout", written)
    if written.value == 0:
        draft.findings.error(
            InvalidValueError,
            "The time that a sign-in may take has to be above zero",
            place=written.place,
            remedy="Write e.g. 15m",
        )
        return None
    return written.value
