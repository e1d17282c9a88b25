"""Whether a request shows that a person is there, for the idle lifetime. Pure.

A dashboard asks by itself, every few seconds, as long as its tab is open; if that counted, no idle session would ever
end. WebSockets are opened anew after every change in the cluster, so they say nothing either.
"""

from __future__ import annotations

import re

from lampgate.config.settings import UpstreamSettings
from lampgate.wire.head import RequestHead
from lampgate.wire.target import Target

#: What Headlamp (read in 0.45) asks for without anybody's doing: health, configuration and version, who the person
#: is, metrics, and the reviews of what they may do.
_HEADLAMP_POLLS = re.compile(
    r"/config"
    r"|/clusters/[^/]+/(?:healthz|livez|readyz|version|me)"
    r"|/clusters/[^/]+/apis/metrics\.k8s\.io/.*"
    r"|/clusters/[^/]+/apis/authorization\.k8s\.io/[^/]+/selfsubject\w+reviews"
)
#: Its overview's lists, every minute. The same lists on their own pages come without this limit.
_HEADLAMP_OVERVIEW = re.compile(r"/clusters/[^/]+/api/v1/(?:pods|nodes|events)")
_OVERVIEW_LIMIT = b"limit=2000"


def is_activity(head: RequestHead, target: Target, upstream: UpstreamSettings) -> bool:
    """Whether a request counts as something the person did."""
    if head.upgrade or any(_covers(rule, target.path) for rule in upstream.passive_paths):
        return False
    if upstream.profile != "headlamp":
        return True
    if _HEADLAMP_POLLS.fullmatch(target.path):
        return False
    return not (_OVERVIEW_LIMIT in target.query and _HEADLAMP_OVERVIEW.fullmatch(target.path))


def _covers(rule: str, path: str) -> bool:
    return path.startswith(rule) if rule.endswith("/") else path == rule
