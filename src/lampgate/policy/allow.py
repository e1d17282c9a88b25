"""Who of those the provider has signed in may pass: rules about address, person, tenant, groups, roles, claims.

A person has to be named (by the domain of the address, in the file of addresses, or one by one), and to meet every
other rule that is given. An address is compared by whole domain labels, and only if it has exactly one ``@``: an
address such as ``a@evil.example@company.example`` is of no domain. What cannot be known right now (groups that the
provider left out, a file that cannot be read) neither admits nor refuses: the answer is to try again. Pure, but for
the file of addresses.
"""

from __future__ import annotations

from collections.abc import Iterator

from lampgate.config.settings import AllowSettings
from lampgate.policy import address_file
from lampgate.policy.problem import Problem
from lampgate.session.record import Subject

_ANY = "*"

#: The status of a refusal that is none: nobody could tell.
CANNOT_TELL = 503


def refusal(allow: AllowSettings, subject: Subject) -> Problem | None:
    """Why this person may not pass; None where they may.

    A problem with the status `CANNOT_TELL` says that it cannot be told right now.
    """
    doubt: Problem | None = None
    for problem in _unmet(allow, subject):
        # What certainly refuses goes before what is not known.
        if problem.status != CANNOT_TELL:
            return problem
        doubt = doubt or problem
    return doubt


def _unmet(allow: AllowSettings, subject: Subject) -> Iterator[Problem]:
    """Every rule that is not met."""
    # Who is in the password file is named by that, and of no organisation.
    if subject.is_local:
        yield from _not_in(allow, subject)
        return
    if allow.tenants is not None and subject.tid.lower() not in allow.tenants:
        yield _refused("allow.tenant", subject, "It belongs to an organisation (tenant) that is not admitted.")
    yield from _not_named(allow, subject)
    yield from _not_in(allow, subject)


def _not_in(allow: AllowSettings, subject: Subject) -> Iterator[Problem]:
    """The rules about groups, roles and claims that are not met."""
    if allow.groups is not None and not set(allow.groups) & set(subject.groups):
        if subject.groups_complete:
            yield _refused("allow.groups", subject, "It is in none of the groups that are admitted.")
        else:
            yield _cannot_tell(
                "allow.groups-unknown",
                "It is in so many groups that the provider left them out, and they cannot be looked up right now.",
                "Try again in a minute. If it stays so, whoever runs this gateway finds the reason in its log.",
            )
    if allow.roles is not None and not set(allow.roles) & set(subject.roles):
        yield _refused("allow.roles", subject, "It has none of the roles that are admitted.")
    for rule in allow.claims:
        if not set(rule.values) & set(subject.claims.get(rule.claim, ())):
            yield _refused(
                "allow.claim", subject, f"Its claim {rule.claim} has none of the values that are admitted."
            )


def _not_named(allow: AllowSettings, subject: Subject) -> Iterator[Problem]:
    if any(is_in_domain(subject.email, rule) for rule in allow.email_domains) or _is_user(allow.users, subject):
        return
    if allow.emails_file is not None:
        listed = address_file.addresses(allow.emails_file)
        if listed is None:
            yield _cannot_tell(
                "allow.emails-unknown",
                "The list of admitted addresses cannot be read right now.",
                "Whoever runs this gateway finds the reason in its log.",
            )
            return
        if subject.email and subject.email.casefold() in listed:
            return
    if allow.email_domains and not subject.email:
        yield _refused("allow.no-email", subject, "It has no e-mail address that the provider vouches for.")
    elif allow.users or allow.emails_file is not None:
        yield _refused("allow.user", subject, "It is not among those that are admitted.")
    else:
        yield _refused("allow.email-domain", subject, "Its e-mail address is of a domain that is not admitted.")


def _is_user(users: tuple[str, ...], subject: Subject) -> bool:
    """Whether a person is named by address or by Entra's object id: never by a name that can be given to another."""
    own = {name.casefold() for name in (subject.email, subject.oid) if name}
    return any(user.casefold() in own for user in users)


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


def _cannot_tell(code: str, reason: str, remedy: str) -> Problem:
    return Problem(
        status=CANNOT_TELL,
        code=code,
        title="It cannot be told right now whether you may pass",
        sentence=f"Whether this account may use the dashboard cannot be told right now. {reason}",
        remedy=remedy,
        headers=(("Retry-After", "30"),),
    )
