"""Who signed in: the claims of a verified ID token become a `Subject`. Pure.

Claims may be named with a dotted path into nested objects; a claim with exactly that name comes first. Of the other
claims only those are kept that a rule or a header asks for: the subject travels in the session's cookie.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lampgate.config.settings import ProviderSettings, Settings
from lampgate.session.record import Subject

#: The claim that Entra takes as ``logout_hint`` (an optional claim of the app registration).
LOGOUT_HINT = "login_hint"
_LONGEST_SID = 255


@dataclass(frozen=True, slots=True)
class SubjectNeeds:
    """What rules and headers want to know about a person.

    :ivar groups: those that matter; None: all of them.
    :ivar claims: names of further claims.
    :ivar id_token: whether a header takes the ID token itself.
    """

    groups: frozenset[str] | None = None
    claims: tuple[str, ...] = ()
    id_token: bool = False

    @property
    def any_groups(self) -> bool:
        """Whether it matters at all which groups a person is in."""
        return self.groups is None or bool(self.groups)


def subject_needs(settings: Settings) -> SubjectNeeds:
    """What these settings want to know."""
    injected = [value for header in (*settings.inject, *settings.inject_response) for value in header.values]
    claims = [rule.claim for rule in settings.allow.claims]
    claims += [value.claim_name for value in injected if value.claim_name]
    if settings.portal.provider_sign_out:
        claims.append(LOGOUT_HINT)
    all_groups = any(value.claim == "groups" for value in injected)
    return SubjectNeeds(
        groups=None if all_groups else frozenset(settings.allow.groups or ()),
        claims=tuple(dict.fromkeys(claims)),
        id_token=any(value.claim == "id_token" for value in injected)
        or "{id_token}" in (settings.provider.backend_logout_url or ""),
    )


def subject_of(
    claims: Mapping[str, Any], settings: ProviderSettings, *, entra: bool, keep: tuple[str, ...] = ()
) -> Subject:
    """The person. Absent claims are empty; an address the provider calls unverified counts as absent.

    :param entra: whether ``tid`` and ``oid`` are Entra's, which identify a person; other providers may let people
        choose the value of such claims.
    :param keep: names of further claims to keep.
    """
    kept = {name: _texts(claim(claims, name), flags=True) for name in keep}
    return Subject(
        issuer=claims["iss"],
        sub=claims["sub"],
        tid=_text(claims.get("tid")) if entra else "",
        oid=_text(claims.get("oid")) if entra else "",
        name=_text(claims.get("name")),
        email=_email(claims, settings),
        preferred_username=_text(claims.get("preferred_username")),
        groups=_texts(claim(claims, settings.groups_claim)),
        groups_complete=not lacks_groups(claims, settings.groups_claim),
        roles=_texts(claim(claims, settings.roles_claim)),
        claims={name: texts for name, texts in kept.items() if texts},
    )


def lacks_groups(claims: Mapping[str, Any], groups_claim: str) -> bool:
    """Whether the person is in more groups than the token had room for ("groups overage").

    Entra then leaves the claim out and says where it is instead (OpenID Connect Core section 5.6.2), or only that
    there are groups.
    """
    if claim(claims, groups_claim) is not None:
        return False
    elsewhere = claims.get("_claim_names")
    if isinstance(elsewhere, Mapping) and groups_claim in elsewhere:
        return True
    return groups_claim == "groups" and claims.get("hasgroups") in (True, "true")


def contexts_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The authentication contexts that a sign-in has met: Entra's ``acrs``, elsewhere OpenID Connect's ``acr``."""
    return _texts(claims["acrs"] if "acrs" in claims else claims.get("acr"))


def provider_session_of(claims: Mapping[str, Any]) -> str:
    """The provider's session (``sid``: OpenID Connect Front-Channel Logout section 3); empty where it tells none."""
    sid = _text(claims.get("sid"))
    return sid if len(sid) <= _LONGEST_SID else ""


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """The claim ``name``, or what a dotted path leads to; None where there is none."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for step in name.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value


def _email(claims: Mapping[str, Any], settings: ProviderSettings) -> str:
    # Only an explicit "not verified" counts: Entra says nothing about it.
    if (
        settings.email_claim == "email"
        and claims.get("email_verified") in (False, "false")
        and not settings.allow_unverified_email
    ):
        return ""
    return _text(claim(claims, settings.email_claim))


def _text(value: Any) -> str:
    """A scalar as text. One with control characters counts as absent: it may become a header, or decide something."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)
    return text if text.isprintable() else ""


def _texts(value: Any, *, flags: bool = False) -> tuple[str, ...]:
    """Texts of a scalar or a list.

    :param flags: keep true and false, spelled as in JSON.
    """
    values = value if isinstance(value, list) else [value]
    if flags:
        values = [str(each).lower() if isinstance(each, bool) else each for each in values]
    return tuple(dict.fromkeys(text for text in map(_text, values) if text))
