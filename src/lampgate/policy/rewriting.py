"""Routes that choose by a regular expression, and the path they ask the upstream for instead.

As oauth2-proxy's ``rewriteTarget``: every match in the canonical path is replaced; what stands behind a ``?`` of the
replacement is added to the query. What a client chooses cannot get out of its place: in a path it is escaped as a
path, in a query as one value. The result is judged like a target that was received. Pure.
"""

from __future__ import annotations

from urllib.parse import quote

from lampgate.config.re2 import compile_re2, parse_replacement
from lampgate.config.settings import UpstreamSettings
from lampgate.wire.head import RequestHead
from lampgate.wire.request_parser import BadRequestError
from lampgate.wire.target import Target, judge_target

#: RFC 3986 section 3.3: what may stand in a path as it is.
_IN_PATH = "/!$&'()*+,;=:@~"
#: In a query value. ``+`` would be read as a blank, ``&``, ``;`` and ``=`` would begin something else.
_IN_QUERY_VALUE = "/!$'()*,:@~"
#: In the query that the configuration itself has written.
_IN_QUERY = "/!$&'()*+,;=:@~?%"


class Rewriting:
    """One upstream's expression and replacement."""

    def __init__(self, upstream: UpstreamSettings) -> None:
        self._pattern = compile_re2(upstream.path)
        self._replacement = parse_replacement(upstream.rewrite_target, self._pattern)

    def matches(self, path: str) -> bool:
        """Whether a canonical path is for this upstream: the expression may match anywhere in it."""
        return self._pattern.search(path) is not None

    def judged(self, head: RequestHead, target: Target) -> Target:
        """The target to ask the upstream for instead.

        :raises BadRequestError: it cannot be asked for that.
        """
        rewritten = self.rewrite(target)
        if not rewritten.startswith(b"/"):
            raise BadRequestError("It does not begin with a slash")
        return judge_target(head.method, rewritten, head.host)

    def rewrite(self, target: Target) -> bytes:
        """Path and query of the new target, not judged yet."""
        path: list[str] = []
        query: list[str] = []
        for text, is_configured in self._pieces(target.path):
            if query:
                query.append(quote(text, safe=_IN_QUERY if is_configured else _IN_QUERY_VALUE))
                continue
            before, mark, behind = text.partition("?") if is_configured else (text, "", "")
            path.append(quote(before, safe=_IN_PATH))
            if mark:
                query = ["", quote(behind, safe=_IN_QUERY)]
        added = "".join(query).encode("ascii")
        joined = b"&".join(part for part in (target.query, added) if part)
        rewritten = "".join(path).encode("ascii")
        return b"%b?%b" % (rewritten, joined) if joined else rewritten

    def _pieces(self, path: str) -> list[tuple[str, bool]]:
        """The new path in pieces, each with whether it is the configuration's (else it is the client's)."""
        pieces: list[tuple[str, bool]] = []
        position = end = 0
        # Go's order of going on, which is another one than Python's where a match is empty.
        while position <= len(path) and (match := self._pattern.search(path, position)) is not None:
            pieces.append((path[end : match.start()], False))
            if match.end() > end or match.start() == 0:
                for part in self._replacement:
                    pieces.append((part, True) if isinstance(part, str) else (match[part] or "", False))
            end = match.end()
            position = max(position + 1, end)
        pieces.append((path[end:], False))
        return pieces
