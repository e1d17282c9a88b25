"""Entra's error numbers (AADSTS…) in plain words: what it means, who can do something about it, and what.

For display only. Microsoft may change numbers and texts at any time, so no decision may depend on them; decisions
use the OAuth fields ``error``, ``suberror`` and ``claims``. The numbers are documented in "Microsoft Entra
authentication & authorization error codes".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

_NUMBER = re.compile(r"AADSTS(\d{4,9})")


class Fixer(Enum):
    """Who can do something about it."""

    USER = "you"
    ADMINISTRATOR = "an administrator of the tenant"
    OPERATOR = "whoever runs this gateway"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One error number explained.

    :ivar sentence: what is the matter, for the person who signs in.
    :ivar remedy: what to do, for the one who can (`fixer`).
    """

    number: int
    fixer: Fixer
    sentence: str
    remedy: str

    @property
    def advice(self) -> str:
        """The remedy, addressed to the one it is for."""
        return self.remedy if self.fixer is Fixer.USER else f"For {self.fixer.value}: {self.remedy}"


class _Row(NamedTuple):
    numbers: tuple[int, ...]
    fixer: Fixer
    sentence: str
    remedy: str


_TABLE = (
    # The registration, and the request
    _Row(
        (50011, 900971),
        Fixer.OPERATOR,
        "Entra does not know the address that sign-ins of this gateway return to.",
        "Add the gateway's callback address to the app registration, under the platform Web, exactly as the message "
        "shows it: scheme, host, path and slash all count.",
    ),
    _Row(
        (700016,),
        Fixer.OPERATOR,
        "The tenant knows no application with the gateway's client id.",
        "Compare the configured client id and tenant id with the app registration's overview.",
    ),
    _Row(
        (90002,),
        Fixer.OPERATOR,
        "There is no tenant with the configured identifier.",
        "Check the tenant id in the issuer, and the cloud: US Government and China have authorities of their own.",
    ),
    _Row(
        (50194,),
        Fixer.OPERATOR,
        "The application is for one tenant, and the gateway asked for any tenant.",
        "Put the tenant's identifier in the issuer instead of common or organizations.",
    ),
    _Row(
        (50020,),
        Fixer.USER,
        "This account belongs to another tenant and is not a guest in this one.",
        "Sign in with an account of this organisation, or ask an administrator to invite yours as a guest.",
    ),
    _Row(
        (7000112,),
        Fixer.ADMINISTRATOR,
        "The application is switched off in this tenant.",
        "Enable users to sign in under Enterprise applications, Properties.",
    ),
    _Row(
        (50105,),
        Fixer.ADMINISTRATOR,
        "Only people who are assigned to this application may use it, and this account is not.",
        "Assign the person or one of their groups under Enterprise applications, Users and groups. Members of nested "
        "groups do not count.",
    ),
    _Row(
        (900144, 90014),
        Fixer.OPERATOR,
        "A parameter was missing from the gateway's request.",
        "The message names it. Check whether a proxy between the gateway and Entra changes requests.",
    ),
    _Row(
        (901002,),
        Fixer.OPERATOR,
        "The request names a resource in a way this version of Entra's endpoint does not take.",
        "Name the resource in the scope, and use an issuer that ends in /v2.0.",
    ),
    _Row(
        (9002326,),
        Fixer.OPERATOR,
        "The gateway's callback address is registered as that of a single-page application.",
        "Move the address to the platform Web in the app registration.",
    ),
    _Row(
        (54005,),
        Fixer.USER,
        "This sign-in was completed once already.",
        "Start again from the dashboard; going back to an earlier page of the sign-in does not work.",
    ),
    _Row(
        (70008,),
        Fixer.USER,
        "The sign-in took too long, and its code has expired.",
        "Sign in again. If it happens every time, the clock of the gateway's machine may be wrong.",
    ),
    _Row(
        (501481,),
        Fixer.USER,
        "The end of this sign-in does not belong to its beginning.",
        "Sign in again from the dashboard, in one browser and without the back button.",
    ),
    # The gateway's own credential
    _Row(
        (7000215,),
        Fixer.OPERATOR,
        "Entra does not accept the gateway's client secret.",
        "Configure the secret's value, not its identifier, without a line break at its end.",
    ),
    _Row(
        (7000222,),
        Fixer.OPERATOR,
        "The gateway's client secret has expired.",
        "Make a new one in the app registration; or use a federated credential, which cannot expire.",
    ),
    _Row(
        (7000218,),
        Fixer.OPERATOR,
        "The gateway presented no credential, and its application needs one.",
        "Configure a federated credential or a client secret, or allow public client flows in the app registration.",
    ),
    _Row(
        (700025,),
        Fixer.OPERATOR,
        "The application is registered as a public client, and the gateway presented a credential.",
        "Move the callback address from Mobile and desktop applications to the platform Web.",
    ),
    _Row(
        (700027,),
        Fixer.OPERATOR,
        "Entra could not verify the signature of the gateway's credential.",
        "With a federated credential: check that the cluster's OIDC issuer and its keys can be read from the "
        "internet, and that the credential names this issuer. With a certificate: upload it to the app registration.",
    ),
    _Row(
        (700023,),
        Fixer.OPERATOR,
        "Entra does not take the assertion that the gateway signed, because it is made out to somebody else.",
        "Name the tenant in the configured issuer by its id.",
    ),
    _Row(
        (700222, 700226, 700227, 700229, 700236),
        Fixer.OPERATOR,
        "Entra does not take this token of its own as the gateway's credential.",
        "Use the token of a user-assigned managed identity in the same tenant, and give its object id as the subject "
        "of the federated credential.",
    ),
    _Row(
        (700024,),
        Fixer.OPERATOR,
        "The token that the gateway signs in with is not valid at this time.",
        "Check that the projected token is still being renewed, and the clock of the node.",
    ),
    _Row(
        (70025,),
        Fixer.OPERATOR,
        "The application has no federated credential, and the gateway signs in with one.",
        "Add a federated credential for the gateway's service account; check that the client id is its own.",
    ),
    _Row(
        (700211,),
        Fixer.OPERATOR,
        "No federated credential of the application names the issuer of the gateway's token.",
        "Copy the cluster's OIDC issuer address, with the slash at its end, into the federated credential. A cluster "
        "that was created anew has a new one.",
    ),
    _Row(
        (700212,),
        Fixer.OPERATOR,
        "The gateway's token is meant for another audience than the federated credential names.",
        "Project the service account token for the audience api://AzureADTokenExchange.",
    ),
    _Row(
        (700213,),
        Fixer.OPERATOR,
        "No federated credential of the application names the gateway's service account.",
        "Its subject has to be system:serviceaccount:<namespace>:<service account>, as the message shows it.",
    ),
    _Row(
        (7002138,),
        Fixer.OPERATOR,
        "The federated credential names the gateway's service account with other upper and lower case letters.",
        "Create the federated credential anew with exactly the subject in the message.",
    ),
    _Row(
        (70021,),
        Fixer.OPERATOR,
        "No federated credential of the application fits the gateway's token.",
        "Compare issuer, subject and audience; if the credential was added just now, wait two minutes.",
    ),
    # Scopes, resources, consent
    _Row(
        (65001,),
        Fixer.ADMINISTRATOR,
        "Nobody has agreed yet that this application may use what it asks for in your name.",
        "Grant admin consent for the app registration's API permissions.",
    ),
    _Row(
        (65004,),
        Fixer.USER,
        "You declined to let the application sign you in.",
        "Sign in again and accept, or ask an administrator to consent for everybody.",
    ),
    _Row(
        (90094, 90095),
        Fixer.ADMINISTRATOR,
        "What the application asks for needs an administrator's consent.",
        "Grant admin consent for the app registration's API permissions, or approve the pending request.",
    ),
    _Row(
        (500011,),
        Fixer.ADMINISTRATOR,
        "The tenant does not know the API that a token was asked for.",
        "Check the scope's application id and the tenant. For AKS, create its service principal: "
        "az ad sp create --id 6dae42f8-4368-4678-94ff-3960e28e3630",
    ),
    _Row(
        (650057,),
        Fixer.OPERATOR,
        "The application asks for an API that its registration does not list.",
        "Add the delegated permission to the app registration: Azure Kubernetes Service AAD Server, user.read.",
    ),
    _Row(
        (650052,),
        Fixer.ADMINISTRATOR,
        "The organisation has no service principal or subscription for an API the application needs.",
        "Create the service principal of the API that the message names, then grant admin consent.",
    ),
    _Row(
        (650053,),
        Fixer.OPERATOR,
        "The gateway asks for a scope that the API does not have.",
        "A scope without an application id in front belongs to Microsoft Graph; remove scopes such as groups.",
    ),
    _Row(
        (650056,),
        Fixer.OPERATOR,
        "The application's registration is incomplete: permissions or consent are missing.",
        "Add the delegated permissions and grant admin consent; check that the tenant is the right one.",
    ),
    _Row(
        (70011,),
        Fixer.OPERATOR,
        "Entra does not accept the configured scopes.",
        "Check their spelling; a scope of an API is written <application id>/<permission>.",
    ),
    _Row(
        (28000,),
        Fixer.OPERATOR,
        "The gateway asked for a token for several APIs at once.",
        "Configure the scopes of one API, besides openid, profile, email and offline_access.",
    ),
    _Row(
        (28002, 28003),
        Fixer.OPERATOR,
        "Entra does not accept the scope of the token request.",
        "Check the spelling of the configured scopes.",
    ),
    # The person, Conditional Access, the session
    _Row(
        (50058,),
        Fixer.USER,
        "You are not signed in with Microsoft in this browser.",
        "Sign in.",
    ),
    _Row(
        (50076,),
        Fixer.USER,
        "A second factor is needed for this sign-in.",
        "Sign in again and confirm with your second factor.",
    ),
    _Row(
        (53003,),
        Fixer.ADMINISTRATOR,
        "A Conditional Access policy of your organisation blocks this sign-in.",
        "The sign-in log names the policy. It has to allow the application and the API Azure Kubernetes Service AAD "
        "Server.",
    ),
    _Row(
        (53000, 53001, 53002, 530032),
        Fixer.ADMINISTRATOR,
        "Your organisation's policies do not allow this device or app.",
        "Use a device that is registered and compliant, or ask an administrator which policy applies.",
    ),
    _Row(
        (50173,),
        Fixer.USER,
        "Your earlier sign-in was revoked, for instance because the password was changed.",
        "Sign in again.",
    ),
    _Row(
        (70043,),
        Fixer.USER,
        "Your organisation asks for a new sign-in from time to time, and that time has come.",
        "Sign in again.",
    ),
    _Row(
        (700082,),
        Fixer.USER,
        "Your earlier sign-in was not used for too long and has ended.",
        "Sign in again.",
    ),
    _Row(
        (50126,),
        Fixer.USER,
        "The user name or the password is wrong.",
        "Sign in again, or reset the password.",
    ),
)

#: By number.
EXPLANATIONS: dict[int, Explanation] = {
    number: Explanation(number, row.fixer, row.sentence, row.remedy) for row in _TABLE for number in row.numbers
}


def numbers(error_description: str, error_codes: object = None) -> tuple[int, ...]:
    """The error numbers of an Entra answer, the most specific (from ``error_codes``) first."""
    listed = error_codes if isinstance(error_codes, list) else []
    given = [code for code in listed if isinstance(code, int) and not isinstance(code, bool) and code > 0]
    return tuple(dict.fromkeys([*given, *(int(number) for number in _NUMBER.findall(error_description))]))


def find(error_description: str, error_codes: object = None) -> Explanation | None:
    """The explanation of the first known number; None where none is known.

    :param error_description: the text of the answer; anything.
    :param error_codes: the member of that name, where the answer had one; anything.
    """
    for number in numbers(error_description, error_codes):
        if number in EXPLANATIONS:
            return EXPLANATIONS[number]
    return None
