"""Where Entra is and which tenant an issuer is of. Pure data and functions.

Only the hosts of the authorities are known here, one for each cloud; everything else about a cloud (endpoints, keys,
Graph) is what its discovery document says. The identifiers of Microsoft's applications are the same in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import urlsplit

Cloud = Literal["public", "us-government", "china"]

AUTHORITY_HOSTS: Final[Mapping[str, str]] = {
    "public": "login.microsoftonline.com",
    "us-government": "login.microsoftonline.us",
    "china": "login.partner.microsoftonline.cn",
}

#: Hosts whose issuers are Entra's: the authorities, their older names, and the issuer of version 1 tokens.
ENTRA_HOSTS: Final = frozenset(
    {
        *AUTHORITY_HOSTS.values(),
        "login.microsoft.com",
        "login.windows.net",
        "login.usgovcloudapi.net",
        "login.chinacloudapi.cn",
        "sts.windows.net",
    }
)

#: What a managed identity's token has to be for to be taken as a federated credential, by authority host.
EXCHANGE_AUDIENCES: Final[Mapping[str, str]] = {
    "login.microsoftonline.us": "api://AzureADTokenExchangeUSGov",
    "login.partner.microsoftonline.cn": "api://AzureADTokenExchangeChina",
}
EXCHANGE_AUDIENCE: Final = "api://AzureADTokenExchange"

#: "Azure Kubernetes Service AAD Server", whose access tokens AKS takes, with its only delegated permission.
AKS_SCOPES: Final = (
    "6dae42f8-4368-4678-94ff-3960e28e3630/user.read",
    "openid",
    "profile",
    "email",
    "offline_access",
)

#: Authorities that sign in accounts of more than one tenant.
_TENANTLESS: Final = frozenset({"common", "organizations", "consumers"})

_TENANT_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+")


def issuer_url(tenant: str, cloud: Cloud) -> str:
    """The version 2.0 issuer of a tenant, as far as it can be told before discovery."""
    return f"https://{AUTHORITY_HOSTS[cloud]}/{tenant.lower()}/v2.0"


def tenant_of(issuer: str) -> str:
    """The tenant part of an issuer of Entra's, in lower case; may be empty."""
    return urlsplit(issuer).path.strip("/").partition("/")[0].lower()


def is_tenantless(issuer: str, *, known_to_be_entra: bool = False) -> bool:
    """Whether an issuer is Entra's for accounts of more than one tenant.

    :param known_to_be_entra: whether the issuer is Entra's, whatever its host.
    """
    if not known_to_be_entra and urlsplit(issuer).hostname not in ENTRA_HOSTS:
        return False
    return tenant_of(issuer) in _TENANTLESS or not tenant_of(issuer)


def is_tenant(text: str) -> bool:
    """Whether this can stand for a tenant in an authority's address."""
    return text.lower() in _TENANTLESS or is_tenant_id(text) or _DOMAIN.fullmatch(text) is not None


def is_tenant_id(text: str) -> bool:
    """Whether this is the id of a tenant."""
    return _TENANT_ID.fullmatch(text) is not None


def exchange_audience(issuer: str) -> str:
    """What a managed identity's token has to be for with this authority."""
    return EXCHANGE_AUDIENCES.get(urlsplit(issuer).hostname or "", EXCHANGE_AUDIENCE)
