"""What a proxy in front may ask of the person, in the query of ``/auth``: groups, addresses, domains of addresses.

oauth2-proxy applies the same parameters to forwarded requests as well, where they collide with a dashboard's own
parameters of that name; here they belong to ``/auth`` alone.
"""

from __future__ import annotations

from starlette.datastructures import QueryParams

from lampgate.policy.allow import is_in_domain
from lampgate.session.record import Subject


def are_met(query: QueryParams, subject: Subject) -> bool:
    """Whether every constraint that is given is met; each is met by one of its values."""
    groups = _values(query, "allowed_groups")
    if groups and not groups & set(subject.groups):
        return False
    emails = _values(query, "allowed_emails")
    if emails and subject.email not in emails:
        return False
    domains = _values(query, "allowed_email_domains")
    return not domains or any(is_in_domain(subject.email, domain) for domain in domains if domain != "*")


def _values(query: QueryParams, name: str) -> set[str]:
    return {item for value in query.getlist(name) for item in value.split(",") if item}
