"""``pods/{name}/log``: what a container printed, and follows.

Follows PodLogOptions of ``core/v1``. Over HTTP the lines are a plain text stream; over WebSocket each message is a
piece of it (`frames`), as base64 text for the sub-protocol the dashboards offer.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from lampgate.lab.kubernetes import status
from lampgate.lab.kubernetes.container_log import ContainerLog, LogLine
from lampgate.lab.kubernetes.front import Call
from lampgate.lab.kubernetes.pod_summary import container_statuses
from lampgate.lab.kubernetes.request_info import flag
from lampgate.lab.kubernetes.status import Object, StatusError

#: Sub-protocol -> whether messages are base64 text (k8s.io/apimachinery, httpstream/wsstream, "reader" protocols).
SUBPROTOCOLS: Final = {"": False, "binary.k8s.io": False, "base64.binary.k8s.io": True}


@dataclass(frozen=True, slots=True)
class _Options:
    follow: bool
    timestamps: bool
    tail_lines: int | None
    limit_bytes: int | None
    since: float | None

    def select(self, lines: Sequence[LogLine]) -> list[LogLine]:
        """The lines already printed that are wanted."""
        wanted = [line for line in lines if self.since is None or line.time >= self.since]
        return wanted if self.tail_lines is None else wanted[len(wanted) - min(self.tail_lines, len(wanted)) :]

    def encode(self, line: LogLine) -> bytes:
        """A line as it is sent."""
        return f"{_nanoseconds(line.time)} {line.text}\n".encode() if self.timestamps else f"{line.text}\n".encode()


def read(call: Call) -> AsyncIterator[bytes]:
    """The log asked for, a line at a time.

    :raises StatusError: 400 where no container is named and there are several, where the named one is not there or
        has not started; 404 where the pod is not there.
    """
    cluster, info = call.front.cluster, call.info
    pod = cluster.get(cluster.kind("pods"), info.namespace, info.name)
    container = _container(pod, call.query.get("container", ""))
    options = _Options(
        follow=flag(call.query, "follow"),
        timestamps=flag(call.query, "timestamps"),
        tail_lines=_positive(call, "tailLines", least=0),
        limit_bytes=_positive(call, "limitBytes"),
        since=_since(call),
    )
    if flag(call.query, "previous"):
        previous = cluster.logs.previous(info.namespace, info.name, container)
        if previous is None:
            raise status.bad_request(f'previous terminated container "{container}" in pod "{info.name}" not found')
        return _limited(_printed(previous, options), options.limit_bytes)
    reason = _waiting_reason(pod, container)
    if reason in ("ContainerCreating", "PodInitializing", "ErrImagePull", "ImagePullBackOff"):
        raise status.bad_request(
            f'container "{container}" in pod "{info.name}" is waiting to start: {_words(reason)}'
        )
    return _limited(
        _printed(cluster.logs.running(info.namespace, info.name, container), options), options.limit_bytes
    )


async def frames(chunks: AsyncIterator[bytes], *, base64_text: bool) -> AsyncIterator[str | bytes]:
    """The WebSocket messages of a log. The first one is empty: it tells the client that the stream is open."""
    yield "" if base64_text else b""
    async for chunk in chunks:
        yield base64.b64encode(chunk).decode() if base64_text else chunk


async def _printed(log: ContainerLog, options: _Options) -> AsyncIterator[bytes]:
    position = log.position
    for line in options.select(log.lines()):
        yield options.encode(line)
    if options.follow:
        async for line in log.follow(position):
            yield options.encode(line)


async def _limited(chunks: AsyncIterator[bytes], limit: int | None) -> AsyncIterator[bytes]:
    left = limit
    async for chunk in chunks:
        yield chunk if left is None else chunk[:left]
        if left is not None:
            left -= len(chunk)
            if left <= 0:
                return


def _container(pod: Object, wanted: str) -> str:
    spec, name = pod["spec"], pod["metadata"]["name"]
    main = [item["name"] for item in spec["containers"]]
    initial = [item["name"] for item in spec.get("initContainers", [])]
    if wanted:
        if wanted not in (*main, *initial):
            raise status.bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    if len(main) > 1:
        choice = f"a container name must be specified for pod {name}, choose one of: [{' '.join(main)}]"
        if initial:
            choice += f" or one of the init containers: [{' '.join(initial)}]"
        raise status.bad_request(choice)
    only: str = main[0]
    return only


def _waiting_reason(pod: Object, container: str) -> str:
    for item in container_statuses(pod):
        if item["name"] == container:
            reason: str = ((item.get("state") or {}).get("waiting") or {}).get("reason", "")
            return reason
    return "ContainerCreating" if (pod.get("status") or {}).get("phase") == "Pending" else ""


def _words(reason: str) -> str:
    return reason if reason in ("ContainerCreating", "PodInitializing") else "trying and failing to pull image"


def _positive(call: Call, name: str, *, least: int = 1) -> int | None:
    text = call.query.get(name)
    if text is None or text == "":
        return None
    if not text.isdigit() or int(text) < least:
        raise _invalid(name, text, f"must be greater than or equal to {least}")
    return int(text)


def _since(call: Call) -> float | None:
    seconds, moment = _positive(call, "sinceSeconds"), call.query.get("sinceTime")
    if seconds is not None and moment:
        raise _invalid("sinceSeconds", str(seconds), "at most one of `sinceTime` or `sinceSeconds` may be specified")
    if seconds is not None:
        return call.front.cluster.clock() - seconds
    if moment:
        try:
            return datetime.fromisoformat(moment).timestamp()
        except ValueError as error:
            raise _invalid("sinceTime", moment, "must be an RFC 3339 time") from error
    return None


def _invalid(field: str, value: str, problem: str) -> StatusError:
    return StatusError(422, "Invalid", f'PodLogOptions "" is invalid: {field}: Invalid value: "{value}": {problem}')


def _nanoseconds(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
