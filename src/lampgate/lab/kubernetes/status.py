"""`Status` bodies: how the Kubernetes API says no.

Decides wording and shape of each failure; never decides whether there is one. Follows the API conventions
("Response Status Kind") and the messages of k8s.io/apimachinery/pkg/api/errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]


class StatusError(Exception):
    """A failure that is answered with a `Status` body.

    :param code: the HTTP status.
    :param reason: the machine-readable word, e.g. ``NotFound``.
    :param message: the sentence kubectl prints.
    :param details: ``name``, ``group``, ``kind``, ``causes`` … where the API gives them.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        metadata: Object | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = dict(details) if details else None
        self.metadata = metadata or {}

    def body(self) -> Object:
        """The `Status` object, with its members in the order the API server writes them."""
        body: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details:
            body["details"] = self.details
        body["code"] = self.code
        return body


def success(*, name: str, group: str, plural: str, uid: str) -> Object:
    """The `Status` that answers a completed deletion."""
    details = {"name": name, "group": group, "kind": plural, "uid": uid}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {key: value for key, value in details.items() if value},
    }


def qualified(plural: str, group: str) -> str:
    """``deployments.apps``, or ``pods`` in the core group."""
    return f"{plural}.{group}" if group else plural


def unauthorized() -> StatusError:
    """401: the token is missing or not acceptable. The API never says which."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def bad_request(message: str) -> StatusError:
    """400: the request cannot be understood."""
    return StatusError(400, "BadRequest", message)


def not_found(plural: str, group: str, name: str) -> StatusError:
    """404: no such object."""
    return StatusError(
        404, "NotFound", f'{qualified(plural, group)} "{name}" not found', details=_details(plural, group, name)
    )


def already_exists(plural: str, group: str, name: str) -> StatusError:
    """409: the name is taken."""
    return StatusError(
        409,
        "AlreadyExists",
        f'{qualified(plural, group)} "{name}" already exists',
        details=_details(plural, group, name),
    )


def conflict(plural: str, group: str, name: str) -> StatusError:
    """409: written against an older ``resourceVersion`` than the stored one."""
    return StatusError(
        409,
        "Conflict",
        f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again",
        details=_details(plural, group, name),
    )


def invalid(kind: str, group: str, name: str, field: str, problem: str) -> StatusError:
    """422: understood, and not allowed."""
    cause = {"reason": "FieldValueInvalid", "message": problem, "field": field}
    return StatusError(
        422,
        "Invalid",
        f'{qualified(kind, group)} "{name}" is invalid: {field}: {problem}',
        details={**_details(kind, group, name), "causes": [cause]},
    )


def method_not_allowed(
    message: str = "the server does not allow this method on the requested resource",
) -> StatusError:
    """405: the resource exists and does not take this verb."""
    return StatusError(405, "MethodNotAllowed", message, details={})


def not_acceptable(accepted: str = "application/json") -> StatusError:
    """406: no media type the client accepts can be produced."""
    return StatusError(406, "NotAcceptable", f"only the following media types are accepted: {accepted}")


def unsupported_media_type(accepted: str) -> StatusError:
    """415: the body is in a form that is not read here."""
    return StatusError(
        415,
        "UnsupportedMediaType",
        f"the body of the request was in an unknown format - accepted media types include: {accepted}",
    )


def expired(message: str) -> StatusError:
    """410: that moment of the cluster's history is no longer kept."""
    return StatusError(410, "Expired", message)


def internal_error() -> StatusError:
    """500: the lab's own fault. What happened is in its log."""
    return StatusError(500, "InternalError", "Internal error occurred: see the log of the lab")


def not_implemented(message: str) -> StatusError:
    """501: the real API does this and the lab does not (yet)."""
    return StatusError(501, "NotImplemented", message)


def _details(kind: str, group: str, name: str) -> dict[str, Any]:
    return {key: value for key, value in (("name", name), ("group", group), ("kind", kind)) if value}
