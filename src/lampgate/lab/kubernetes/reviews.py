"""Questions about oneself: who am I, may I do this, what may I do. Answered, never kept.

Follows ``authentication.k8s.io/v1`` SelfSubjectReview and ``authorization.k8s.io/v1`` SelfSubjectAccessReview and
SelfSubjectRulesReview. With a webhook in the chain a rules review is always incomplete: whoever needs certainty asks
an access review for each question.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from lampgate.lab.kubernetes import status
from lampgate.lab.kubernetes.authorization import (
    RULES_EVALUATION_ERROR,
    Attributes,
    Authorizer,
    Decision,
    User,
    Verdict,
)
from lampgate.lab.kubernetes.default_rbac import DefaultRbac
from lampgate.lab.kubernetes.kinds import Kind
from lampgate.lab.kubernetes.status import Object


def answer(kind: Kind, body: Object, user: User, authorizer: Authorizer) -> Object:
    """The review with its ``status`` filled in.

    :param body: the review as sent; only its ``spec`` counts.
    :raises StatusError: 400 on a spec that asks nothing.
    """
    spec = body.get("spec") or {}
    if not isinstance(spec, dict):
        raise status.bad_request("spec must be an object")
    review: Object = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": {"creationTimestamp": None}}
    if kind.plural != "selfsubjectreviews":
        review["spec"] = spec
    review["status"] = _REVIEWS[kind.plural](spec, user, authorizer)
    return review


def _who_am_i(_: Object, user: User, __: Authorizer) -> Object:
    info: Object = {"username": user.name}
    if user.uid:
        info["uid"] = user.uid
    info["groups"] = list(user.groups)
    if user.extra:
        info["extra"] = user.extra
    return {"userInfo": info}


def _may_i(spec: Object, user: User, authorizer: Authorizer) -> Object:
    resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if (resource is None) == (other is None):
        raise status.StatusError(
            422,
            "Invalid",
            'SelfSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: '
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        )
    if isinstance(resource, dict):
        question = Attributes(
            user,
            **{name: _text(resource, name) for name in ("verb", "group", "version", "resource", "subresource")},
            namespace=_text(resource, "namespace"),
            name=_text(resource, "name"),
        )
    elif isinstance(other, dict):
        question = Attributes(user, _text(other, "verb"), path=_text(other, "path"))
    else:
        raise status.bad_request("the attributes of an access review are objects")
    return _decision(authorizer.authorize(question))


def _decision(decision: Decision) -> Object:
    answered: Object = {"allowed": decision.allowed}
    if decision.verdict is Verdict.DENY:
        answered["denied"] = True
    if decision.reason:
        answered["reason"] = decision.reason
    return answered


def _what_may_i(spec: Object, _: User, __: Authorizer) -> Object:
    if not _text(spec, "namespace"):
        raise status.bad_request("no namespace on request")
    rules = DefaultRbac().rules()
    return {
        "resourceRules": rules.resource_rules,
        "nonResourceRules": rules.non_resource_rules,
        "incomplete": True,
        "evaluationError": RULES_EVALUATION_ERROR,
    }


def _text(attributes: dict[str, Any], name: str) -> str:
    value = attributes.get(name) or ""
    if not isinstance(value, str):
        raise status.bad_request(f"{name} must be a string")
    return value


_REVIEWS: Final[dict[str, Callable[[Object, User, Authorizer], Object]]] = {
    "selfsubjectreviews": _who_am_i,
    "selfsubjectaccessreviews": _may_i,
    "selfsubjectrulesreviews": _what_may_i,
}
