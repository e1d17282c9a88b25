"""The request headers that lampgate sets for the upstream."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import get_args

from lampgate.config.errors import InvalidValueError, UnsupportedSettingError
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.conversion.header_secrets import header_secret
from lampgate.config.oauth2_proxy.resolution import Options
from lampgate.config.oauth2_proxy.standing import nearest
from lampgate.config.oauth2_proxy.written import WrittenHeader, WrittenHeaderValue
from lampgate.config.settings import BuiltInClaim, HeaderInjection, InjectedValue

CLAIMS: tuple[str, ...] = get_args(BuiltInClaim)
#: oauth2-proxy has these as well.
_OTHER_CLAIMS = frozenset({"refresh_token", "created_at", "expires_on"})

#: RFC 9110 section 5.6.2, without the underscore: servers take it for a dash, so one name would have two spellings.
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^`|~-]+", re.ASCII)
#: Headers that frame the message or are for the connection (RFC 9110 section 7.6.1), or that lampgate sets itself.
_RESERVED = frozenset(
    {
        "connection", "content-length", "cookie", "expect", "host", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
_NO_FURTHER: Mapping[str, str] = {}
_PREFIX = re.compile(r"[ -~]*", re.ASCII)


def header_injections(
    written: Sequence[WrittenHeader],
    draft: Draft,
    setting: str = "inject",
    further: Mapping[str, str] = _NO_FURTHER,
) -> tuple[HeaderInjection, ...]:
    """The headers that are right.

    :param setting: where in the settings they go.
    :param further: what can be injected beside the claims that every session has: as written, and as settings say it.
    """
    seen: dict[str, WrittenHeader] = {}
    injections = []
    for index, header in enumerate(written):
        draft.keep(f"{setting}.{index}", header.place)
        values = [_value(value, draft, further) for value in header.values]
        usable = tuple(value for value in values if value is not None)
        if not _has_usable_name(header, seen, draft) or header.name is None:
            continue
        if setting == "inject":
            _note_id_token(header, draft)
        if usable and len(usable) == len(values):
            injections.append(HeaderInjection(name=header.name.value, values=usable))
    return tuple(injections)


def note_unused_passwords(options: Options, draft: Draft) -> None:
    """Say where a shared password is asked for without being given, or the other way round."""
    asked, password = options.written("set-basic-auth", bool), options.written("basic-auth-password", str)
    if asked is not None and asked.value and not (password is not None and password.value):
        sentence = "set-basic-auth has no effect without basic-auth-password: a name alone proves nothing"
        draft.findings.note("config.no-effect", sentence, asked.place)
    is_used = options.value("pass-basic-auth", bool) or options.value("set-basic-auth", bool)
    if password is not None and password.value and not is_used:
        sentence = "basic-auth-password has no effect without pass-basic-auth or set-basic-auth"
        draft.findings.note("config.no-effect", sentence, password.place)


def _has_usable_name(header: WrittenHeader, seen: dict[str, WrittenHeader], draft: Draft) -> bool:
    if header.name is None:
        return False
    name, place = header.name.value, header.name.place
    if not _NAME.fullmatch(name):
        draft.findings.error(
            InvalidValueError,
            "This is not a usable name of a header",
            place=place,
            remedy="Use letters, digits and dashes, e.g. X-Forwarded-Email",
        )
        return False
    if name.lower() in _RESERVED:
        draft.findings.error(
            InvalidValueError,
            f"The header {name.title()} belongs to the connection or to lampgate and cannot be injected",
            place=place,
            remedy="Choose another header",
        )
        return False
    first = seen.setdefault(name.lower(), header)
    if first is not header:
        draft.findings.error(
            InvalidValueError,
            "The same header is injected twice",
            place=place,
            remedy=f"Put all its values below one name; the first is on line {first.place.line}",
        )
        return False
    return True


def _value(written: WrittenHeaderValue, draft: Draft, further: Mapping[str, str]) -> InjectedValue | None:
    if written.secret is not None:
        secret = header_secret(written.secret, draft)
        return InjectedValue(secret=secret) if secret is not None else None
    if written.claim is None:
        return None
    claim, place = written.claim.value, written.claim.place
    if claim not in CLAIMS and claim not in further:
        if claim in _OTHER_CLAIMS:
            draft.findings.error(
                UnsupportedSettingError,
                f"The claim {claim} cannot be injected",
                place=place,
                remedy=f"Use one of {', '.join(CLAIMS)}",
            )
        else:
            near = nearest(claim, CLAIMS)
            draft.findings.error(
                UnsupportedSettingError,
                "This claim cannot be injected",
                place=place,
                remedy=f"Did you mean “{near}”?" if near is not None else f"Use one of {', '.join(CLAIMS)}",
            )
        return None
    claim = further.get(claim, claim)
    if written.basic_password is not None:
        # oauth2-proxy ignores a prefix then.
        password = header_secret(written.basic_password, draft)
        return InjectedValue(claim=claim, basic_password=password) if password is not None else None
    prefix = written.prefix.value if written.prefix is not None else ""
    if written.prefix is not None and not _PREFIX.fullmatch(prefix):
        draft.findings.error(
            InvalidValueError,
            "A header's prefix holds a character that headers cannot have",
            place=written.prefix.place,
            remedy="Use printable ASCII, without line breaks",
        )
        return None
    return InjectedValue.model_validate({"claim": claim, "prefix": prefix})


def _note_id_token(header: WrittenHeader, draft: Draft) -> None:
    if header.name is None or header.name.value.lower() != "authorization":
        return
    for value in header.values:
        if value.claim is not None and value.claim.value == "id_token":
            draft.findings.note(
                "config.id-token-injected",
                "Authorization carries the ID token, which says who somebody is and is made out to this gateway. The "
                "API of an AKS cluster refuses it; it wants the access token: use the claim access_token",
                value.claim.place,
            )
