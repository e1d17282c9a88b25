"""What a request asks for: method + path + query -> verb, group, version, resource, subresource, namespace, name.

Pure, and knows no kinds: an unknown resource parses like a known one, because authorization comes before the
question whether the resource exists. Follows RequestInfoFactory of k8s.io/apiserver/pkg/endpoints/request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_VERBS: Final = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
#: Subresources of a namespace itself; any other word after the name is a resource inside the namespace.
_NAMESPACE_SUBRESOURCES: Final = frozenset({"status", "finalize"})


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """The attributes of one request.

    :ivar verb: the Kubernetes verb; for a non-resource path the HTTP method in lower case.
    :ivar resource: the plural, e.g. ``pods``; empty for a non-resource path.
    :ivar namespace: also set for ``/api/v1/namespaces/{name}`` itself, as in the real API server.
    """

    path: str
    verb: str
    group: str = ""
    version: str = ""
    namespace: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""

    @property
    def is_resource(self) -> bool:
        """Whether the path names a resource of an API group."""
        return bool(self.resource)


def flag(query: Mapping[str, str], name: str) -> bool:
    """A boolean of the query, as the API server's conversion reads it: anything but ``false`` and ``0`` is true."""
    value = query.get(name)
    return value is not None and value != "0" and value.lower() != "false"


def parse(method: str, path: str, query: Mapping[str, str]) -> RequestInfo:
    """Read a request line.

    :param path: the decoded path.
    :param query: the first value of each parameter.
    """
    other = RequestInfo(path=path, verb=method.lower())
    parts = [part for part in path.split("/") if part]
    if len(parts) < 3 or parts[0] not in ("api", "apis"):
        return other
    if parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    else:
        if len(parts) < 4:
            return other
        group, version, rest = parts[1], parts[2], parts[3:]

    verb = _VERBS.get(method, "")
    if rest[0] == "watch":  # /api/v1/watch/…: deprecated since 1.11 and still served
        if len(rest) < 2:
            return other
        verb, rest = "watch", rest[1:]

    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES:
            rest = rest[2:]
    resource = rest[0]
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""

    if not name and verb == "get":
        verb = "watch" if flag(query, "watch") else "list"
    elif not name and verb == "delete":
        verb = "deletecollection"
    if not name and verb in ("list", "watch", "deletecollection"):
        name = _name_from_field_selector(query.get("fieldSelector", ""))
    return RequestInfo(path, verb, group, version, namespace, resource, subresource, name)


def _name_from_field_selector(selector: str) -> str:
    """The one name a list is narrowed to by ``metadata.name=…``: authorization then judges that name."""
    for term in selector.split(","):
        field, separator, value = term.partition("=")
        if separator and field.strip() == "metadata.name":
            return value.removeprefix("=").strip()
    return ""
