"""The access log in oauth2-proxy's default layout, for whoever reads its lines already.

As there, but for two things: the query is left out, because codes and tokens stand in it, and a request id is only
one that came with the request.
"""

from __future__ import annotations

import json
import time

from lampgate.observe.access_log import AccessLog, LoggedRequest

_UNKNOWN = "-"


class OAuth2ProxyLog(AccessLog):
    """``client - id - user [time] host method upstream "path" protocol "agent" status bytes seconds``."""

    def record(
        self,
        *,
        status: int,
        method: str,
        path: str,
        user: str,
        client: str,
        sent: int,
        seconds: float,
        request: LoggedRequest | None = None,
    ) -> None:
        """See `AccessLog.record`."""
        if not self.enabled or path in self.silent_paths:
            return
        person = json.loads(user) if user else ""
        at = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime())
        host = _word(request.host) if request is not None else _UNKNOWN
        identifier = _word(request.first(b"x-request-id")) if request is not None else _UNKNOWN
        version = f"HTTP/{request.version}" if request is not None else _UNKNOWN
        agent = request.first(b"user-agent").decode("latin-1") if request is not None else ""
        self.append(
            f"{client or _UNKNOWN} - {identifier} - {_word(person.encode())} [{at}] {host} {method or _UNKNOWN} "
            f"{_UNKNOWN} {json.dumps(path)} {version} {json.dumps(agent)} {status} {sent} {seconds:.3f}\n"
        )


def _word(value: bytes) -> str:
    """One word: what has spaces or control characters in it could pass for other fields, or for another line."""
    text = value.decode("utf-8", "replace")
    return text if text and text.isprintable() and " " not in text else json.dumps(text) if text else _UNKNOWN
