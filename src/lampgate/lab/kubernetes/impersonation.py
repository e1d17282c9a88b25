"""Acting as somebody else (``kubectl --as``): who that is, and whether the caller may.

Follows the impersonation filter of k8s.io/apiserver: each user, group and extra named needs the verb ``impersonate``.
"""

from __future__ import annotations

from urllib.parse import unquote

from starlette.datastructures import Headers

from lampgate.lab.kubernetes import status
from lampgate.lab.kubernetes.authorization import AUTHENTICATED, Attributes, Authorizer, User, forbidden

_SERVICE_ACCOUNT = "system:serviceaccount:"
_EXTRA = "impersonate-extra-"


def acting_user(caller: User, headers: Headers, authorizer: Authorizer) -> User:
    """The user a request is judged and done as: the caller, unless ``Impersonate-*`` headers name another.

    :raises StatusError: 400 for groups without a user; 403 where the caller may not.
    """
    name = headers.get("impersonate-user", "")
    groups = tuple(headers.getlist("impersonate-group"))
    extra: dict[str, list[str]] = {}
    for header, value in headers.items():
        if header.startswith(_EXTRA):
            extra.setdefault(unquote(header.removeprefix(_EXTRA)), []).append(value)
    if not name:
        if groups or extra or "impersonate-uid" in headers:
            raise status.bad_request("requested impersonation without impersonating a user")
        return caller

    for question in _questions(caller, name, groups, extra):
        decision = authorizer.authorize(question)
        if not decision.allowed:
            raise forbidden(question, decision.reason)
    if not groups and name.startswith(_SERVICE_ACCOUNT):
        namespace = name.removeprefix(_SERVICE_ACCOUNT).partition(":")[0]
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
    if name != "system:anonymous" and AUTHENTICATED not in groups:
        groups = (*groups, AUTHENTICATED)
    return User(name=name, groups=groups, extra=extra, uid=headers.get("impersonate-uid", ""))


def _questions(caller: User, name: str, groups: tuple[str, ...], extra: dict[str, list[str]]) -> list[Attributes]:
    if name.startswith(_SERVICE_ACCOUNT):
        namespace, _, account = name.removeprefix(_SERVICE_ACCOUNT).partition(":")
        first = Attributes(
            caller, "impersonate", version="v1", resource="serviceaccounts", namespace=namespace, name=account
        )
    else:
        first = Attributes(caller, "impersonate", version="v1", resource="users", name=name)
    return [
        first,
        *(Attributes(caller, "impersonate", version="v1", resource="groups", name=group) for group in groups),
        *(
            Attributes(
                caller,
                "impersonate",
                group="authentication.k8s.io",
                version="v1",
                resource="userextras",
                subresource=key,
                name=value,
            )
            for key, values in extra.items()
            for value in values
        ),
    ]
