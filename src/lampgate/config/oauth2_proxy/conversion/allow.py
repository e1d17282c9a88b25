"""Who of those the provider has signed in may pass."""

from __future__ import annotations

import re
from dataclasses import replace

from lampgate.config.errors import InvalidValueError, MissingSettingError, PlaceholderLeftError
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.placeholders import find_placeholder
from lampgate.config.oauth2_proxy.resolution import Options
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.settings import AllowSettings, Place

_ANY = "*"
#: A domain, or every domain below one.
_DOMAIN = re.compile(r"(?:\*?\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")


def allow_settings(
    options: Options, groups: Written[tuple[str, ...]] | None, place: Place | None, draft: Draft
) -> AllowSettings | None:
    """The settings; None where nobody could be admitted, or a rule is wrong.

    :param groups: the groups that are admitted.
    :param place: where missing options belong; None where not all could be read, so that nothing is missing.
    """
    written = options.written("email-domain", tuple)
    domains = tuple(domain.strip().lower() for domain in written.value) if written is not None else ()
    domains = tuple(domain for domain in domains if domain)
    if written is None or not domains:
        if place is not None:
            draft.findings.error(
                MissingSettingError,
                "It is not said who may sign in: there are no e-mail domains",
                place=written.place if written is not None else replace(place, key=f"{place.key}email_domains"),
                remedy='Add email_domains = ["company.com"] to oauth2_proxy.cfg (in Helm values config.configFile) '
                "or set OAUTH2_PROXY_EMAIL_DOMAINS; * admits everybody whom the provider signs in",
            )
        return None
    draft.keep("allow.email_domains", written)
    for domain in domains:
        if domain == _ANY or _DOMAIN.fullmatch(domain):
            continue
        is_placeholder = find_placeholder(domain) is not None
        draft.findings.error(
            PlaceholderLeftError if is_placeholder else InvalidValueError,
            "An e-mail domain is still a placeholder" if is_placeholder else "An e-mail domain is not one",
            place=written.place,
            remedy="Write what follows the @, e.g. company.com; *.company.com for domains below it; * for everybody",
        )
        return None
    draft.keep("allow.groups", groups)
    names = tuple(name for name in groups.value if name) if groups is not None else ()
    return AllowSettings(email_domains=domains, groups=names or None)
