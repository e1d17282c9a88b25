"""Request lines and what they ask for."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from lampgate.lab.kubernetes.request_info import RequestInfo, flag, parse

# method, path?query -> verb, group, version, namespace, resource, subresource, name
RESOURCES = {
    "list in a namespace": ("GET", "/api/v1/namespaces/shop/pods", "list", "", "v1", "shop", "pods", "", ""),
    "list everywhere": ("GET", "/api/v1/pods", "list", "", "v1", "", "pods", "", ""),
    "head is get": ("HEAD", "/api/v1/pods", "list", "", "v1", "", "pods", "", ""),
    "get": ("GET", "/api/v1/namespaces/shop/pods/web-1", "get", "", "v1", "shop", "pods", "", "web-1"),
    "named group": ("GET", "/apis/apps/v1/namespaces/shop/deployments", "list", "apps", "v1", "shop", "deployments",
                    "", ""),
    "watch=1": ("GET", "/api/v1/pods?watch=1", "watch", "", "v1", "", "pods", "", ""),
    "watch=true": ("GET", "/api/v1/pods?watch=true", "watch", "", "v1", "", "pods", "", ""),
    "watch without a value": ("GET", "/api/v1/pods?watch=", "watch", "", "v1", "", "pods", "", ""),
    "watch=false": ("GET", "/api/v1/pods?watch=false", "list", "", "v1", "", "pods", "", ""),
    "watch=0": ("GET", "/api/v1/pods?watch=0", "list", "", "v1", "", "pods", "", ""),
    "watch of one name is a get": ("GET", "/api/v1/nodes/a?watch=1", "get", "", "v1", "", "nodes", "", "a"),
    "watch narrowed to a name": ("GET", "/api/v1/nodes?watch=1&fieldSelector=metadata.name%3Da", "watch", "", "v1",
                                 "", "nodes", "", "a"),
    "list narrowed to a name": ("GET", "/api/v1/nodes?fieldSelector=x=y,metadata.name==a", "list", "", "v1", "",
                                "nodes", "", "a"),
    "deprecated watch": ("GET", "/api/v1/watch/namespaces/shop/pods", "watch", "", "v1", "shop", "pods", "", ""),
    "log": ("GET", "/api/v1/namespaces/shop/pods/web-1/log", "get", "", "v1", "shop", "pods", "log", "web-1"),
    "exec": ("POST", "/api/v1/namespaces/shop/pods/web-1/exec", "create", "", "v1", "shop", "pods", "exec", "web-1"),
    "scale": ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale", "patch", "apps", "v1", "shop",
              "deployments", "scale", "web"),
    "proxy": ("GET", "/api/v1/namespaces/shop/services/web:80/proxy/a/b", "get", "", "v1", "shop", "services",
              "proxy", "web:80"),
    "namespaces": ("GET", "/api/v1/namespaces", "list", "", "v1", "", "namespaces", "", ""),
    "a namespace is in itself": ("GET", "/api/v1/namespaces/shop", "get", "", "v1", "shop", "namespaces", "", "shop"),
    "finalize": ("PUT", "/api/v1/namespaces/shop/finalize", "update", "", "v1", "shop", "namespaces", "finalize",
                 "shop"),
    "create": ("POST", "/api/v1/namespaces/shop/pods", "create", "", "v1", "shop", "pods", "", ""),
    "delete": ("DELETE", "/api/v1/nodes/a", "delete", "", "v1", "", "nodes", "", "a"),
    "delete all": ("DELETE", "/api/v1/namespaces/shop/pods", "deletecollection", "", "v1", "shop", "pods", "", ""),
    "slashes": ("GET", "/api/v1//namespaces/shop/pods/", "list", "", "v1", "shop", "pods", "", ""),
}  # fmt: skip


@pytest.mark.parametrize(
    ("method", "url", "verb", "group", "version", "namespace", "resource", "subresource", "name"),
    RESOURCES.values(),
    ids=RESOURCES,
)
def test_resources(
    method: str,
    url: str,
    verb: str,
    group: str,
    version: str,
    namespace: str,
    resource: str,
    subresource: str,
    name: str,
) -> None:
    path, _, query = url.partition("?")
    info = parse(method, path, dict(parse_qsl(query, keep_blank_values=True)))
    assert info == RequestInfo(path, verb, group, version, namespace, resource, subresource, name)
    assert info.is_resource


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/version", "/healthz", "/openapi/v3",
             "/metrics", "/api/v1/watch", "/logs/kubelet/x/y"]
)  # fmt: skip
def test_other_paths(path: str) -> None:
    assert parse("GET", path, {}) == RequestInfo(path=path, verb="get")
    assert not parse("GET", path, {}).is_resource


@pytest.mark.parametrize(
    ("query", "expected"),
    [({}, False), ({"f": "false"}, False), ({"f": "False"}, False), ({"f": "0"}, False), ({"f": ""}, True),
     ({"f": "1"}, True), ({"f": "no"}, True)],
)  # fmt: skip
def test_booleans_of_a_query(query: dict[str, str], expected: bool) -> None:
    assert flag(query, "f") is expected
