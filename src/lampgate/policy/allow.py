"""Who of those the provider has signed in may pass: rules about the e-mail address's domain and about groups.

Every rule that is given has to be met. An address is compared by whole domain labels, and only if it has exactly one
``@``: an address such as ``a@evil.example@company.example`` is of no domain. Pure.
"""

from __future__ import annotations

from lampgate.config.settings import AllowSettings
from lampgate.policy.problem import Problem
from lampgate.session.record import Subject

_ANY = "*"


def refusal(allow: AllowSettings, subject: Subject) -> Problem | None:
    """Why this person may not pass; None where they may."""
    if not _has_allowed_address(allow, subject):
        if not subject.email:
            return _refused("allow.no-email", subject, "It has no e-mail address that the provider vouches for.")
        return _refused("allow.email-domain", subject, "Its e-mail address is of a domain that is not admitted.")
    if allow.groups is not None and not set(allow.groups) & set(subject.groups):
        return _refused("allow.groups", subject, "It is in none of the groups that are admitted.")
    return None


def is_in_domain(email: str, rule: str) -> bool:
    """Whether an address is admitted by one domain rule.

    :param rule: ``*`` (every address), ``company.example`` (that domain), ``.company.example`` or
        ``*.company.example`` (every domain below it, without itself).
    """
    if rule == _ANY:
        return True
    local, separator, domain = email.lower().partition("@")
    if not local or not separator or not domain or "@" in domain:
        return False
    rule = rule.lower().removeprefix("*")
    if rule.startswith("."):
        return len(rule) > 1 and domain.endswith(rule) and domain != rule
    return domain == rule


def _has_allowed_address(allow: AllowSettings, subject: Subject) -> bool:
    return any(is_in_domain(subject.email, rule) for rule in allow.email_domains)


def _refused(code: str, subject: Subject, reason: str) -> Problem:
    account = subject.preferred_username or subject.email
    who = (
        f"{subject.display_name} ({account})" if account and account != subject.display_name else subject.display_name
    )
    return Problem(
        status=403,
        code=code,
        title="This account is not admitted",
        sentence=f"You are signed in as {who}, and this account may not use the dashboard. {reason}",
        remedy="Use another account, or ask whoever runs this gateway to admit yours.",
    )
