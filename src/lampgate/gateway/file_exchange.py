"""A request that a file of this machine is the answer to: ``file://`` upstreams.

Opening and reading happen in threads, a piece at a time and no faster than the client takes them. What a request may
name is decided by `lampgate.gateway.directory`, which part it gets by `lampgate.wire.selection`.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lampgate.gateway.data_path import DataPath
from lampgate.gateway.directory import NoFile, OpenFile, open_below
from lampgate.gateway.sides import Downstream
from lampgate.policy.decision import Supply
from lampgate.policy.problem import Problem
from lampgate.policy.slash import slash_missing
from lampgate.wire.head import RequestHead
from lampgate.wire.header_rules import field_lines
from lampgate.wire.selection import Selection, Validators, select
from lampgate.wire.target import Target

#: Bytes read, and given to the client's connection, at a time.
_PIECE = 64 * 1024

#: Not the event loop's own, which resolve names: a file system that hangs must not keep upstreams from being dialled.
_THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="lampgate-file")

#: By suffix. Anything else is a download, because a browser that guesses could be made to run it.
_CONTENT_TYPES = {
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".gif": "image/gif",
    ".htm": "text/html; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".log": "text/plain; charset=utf-8",
    ".map": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".mp4": "video/mp4",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}

_METHOD = Problem(
    status=405,
    code="file.method",
    title="Files can only be read",
    sentence="This address is a file: GET and HEAD are what it answers.",
    headers=(("Allow", "GET, HEAD"),),
)
_NOT_THERE = Problem(status=404, code="file.none", title="Nothing here", sentence="There is no file at this address.")
_UNREADABLE = Problem(
    status=500,
    code="file.unreadable",
    title="The file cannot be read",
    sentence="The gateway could not read this file. What happened is in its log.",
)
_BODY_TOO_LARGE = Problem(
    status=413,
    code="request.too-large",
    title="Too much data",
    sentence="A request for a file needs no body.",
)


class FileExchange:
    """One request for a file, from its head to the last byte of its answer.

    :param added: headers of the gateway for the answer.
    :ivar deadline: always 0.
    """

    __slots__ = (
        "_added",
        "_client",
        "_discarded",
        "_head",
        "_may_send",
        "_path",
        "_started",
        "_supply",
        "_target",
        "_task",
        "deadline",
    )

    def __init__(
        self,
        client: Downstream,
        path: DataPath,
        head: RequestHead,
        target: Target,
        supply: Supply,
        added: list[tuple[str, str]],
    ) -> None:
        self._client = client
        self._path = path
        self._head = head
        self._target = target
        self._supply = supply
        self._added = added
        self._discarded = 0
        self._started = False
        self._may_send = asyncio.Event()
        self._may_send.set()
        self.deadline = 0.0
        self._task = path.loop.create_task(self._run())
        path.portal_tasks.add(self._task)
        self._task.add_done_callback(path.portal_tasks.discard)

    def body(self, data: bytes) -> None:
        """Request body bytes, which mean nothing here."""
        self._discarded += len(data)
        if self._discarded > self._path.limits.discarded_bytes:
            self.abort()
            if self._started:
                self._client.broken_off()
            else:
                self._client.refuse(_BODY_TOO_LARGE, keep_alive=False)

    def body_end(self, now: float) -> None:
        """The request is complete."""

    def abort(self) -> None:
        """The client is gone, or the request is refused."""
        self._task.cancel()

    def timed_out(self) -> None:
        """Never called: there is no deadline."""

    def pause_response(self) -> None:
        """The client reads more slowly than the file can be read."""
        self._may_send.clear()

    def resume_response(self) -> None:
        """The client has caught up."""
        self._may_send.set()

    async def _run(self) -> None:
        if self._head.method not in ("GET", "HEAD"):
            self._client.refuse(_METHOD)
            return
        root = Path(unquote(urlsplit(self._supply.upstream.url).path))
        try:
            found = await self._path.loop.run_in_executor(_THREADS, open_below, root, self._supply.path)
            if isinstance(found, NoFile):
                self._client.refuse(slash_missing(self._target) if found.is_directory else _NOT_THERE)
                return
            await self._answer(found)
        except Exception as error:
            self._path.logger.warning("Upstream “%s”: a file cannot be read: %r", self._supply.upstream.id, error)
            if self._started:
                self._client.broken_off()
            else:
                self._client.refuse(_UNREADABLE)

    async def _answer(self, file: OpenFile) -> None:
        validators = Validators(f'"{file.modified_ns:x}-{file.size:x}"', file.modified_ns // 1_000_000_000)
        selection = select(self._head, validators, file.size)
        headers = [*_headers(file, validators, selection), *self._added]
        length = selection.end - selection.start
        wanted = 0 if self._head.method == "HEAD" else length
        data = await self._read(file, selection.start, min(wanted, _PIECE)) if wanted else b""
        if len(data) == wanted:
            self._client.respond(selection.status, headers, data, length, keep_alive=self._head.keep_alive)
            return
        lines = [
            b"HTTP/1.1 %d %b\r\n" % (selection.status, self._path.reason(selection.status)),
            field_lines(headers),
            b"Content-Length: %d\r\n" % length,
            b"" if self._head.keep_alive else b"Connection: close\r\n",
            b"\r\n",
            data,
        ]
        self._started = True
        self._client.send_head(selection.status, b"".join(lines), len(data))
        position = selection.start + len(data)
        while position < selection.end:
            await self._may_send.wait()
            data = await self._read(file, position, min(selection.end - position, _PIECE))
            if not data:
                raise OSError(f"{file.name} became shorter while it was sent")
            position += len(data)
            self._client.send_body(data)
        self._client.response_complete(keep_alive=self._head.keep_alive)

    async def _read(self, file: OpenFile, start: int, length: int) -> bytes:
        return await self._path.loop.run_in_executor(_THREADS, file.read, start, length)


def _headers(file: OpenFile, validators: Validators, selection: Selection) -> list[tuple[str, str]]:
    headers = [
        ("ETag", validators.etag),
        ("Last-Modified", validators.last_modified),
        # Whoever has signed in may keep it, and asks each time whether they still may see it.
        ("Cache-Control", "private, no-cache"),
        ("X-Content-Type-Options", "nosniff"),
        ("Accept-Ranges", "bytes"),
    ]
    if selection.status in (200, 206):
        suffix = Path(file.name).suffix.lower()
        headers.append(("Content-Type", _CONTENT_TYPES.get(suffix, "application/octet-stream")))
    if selection.status == 206:
        headers.append(("Content-Range", f"bytes {selection.start}-{selection.end - 1}/{file.size}"))
    elif selection.status == 416:
        headers.append(("Content-Range", f"bytes */{file.size}"))
    return headers
