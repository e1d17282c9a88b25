"""The corpus against the gateway, with an independent parser (h11) as the origin that says what it understood.

Each case is sent in one piece and cut in two at several places: where the network cuts must not matter.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import h11
import pytest

from lampgate.config.settings import UpstreamSettings
from tests.gateway.smuggling_corpus import CASES, Case, Passed
from tests.gateway.stage import PATIENCE, TOKEN, Stage

IDEAS = tuple(dict.fromkeys(case.idea for case in CASES))


@dataclass
class Recorder:
    """An origin that writes down what h11 makes of the bytes it gets."""

    requests: list[tuple[Passed, list[tuple[bytes, bytes]]]] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> int:
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=2**20, backlog=1024)
        port: int = self.server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        self.server.close()
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        try:
            await self._serve(reader, writer)
        except h11.RemoteProtocolError as error:
            self.mistakes.append(str(error))
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=2**20)
        head: h11.Request | None = None
        body = b""
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                data = await reader.read(65536)
                if not data and parser.their_state is not h11.IDLE:
                    # Broken off: no request.
                    return
                parser.receive_data(data)
            elif isinstance(event, h11.Request):
                head, body = event, b""
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                passed = Passed(head.method.decode(), head.target.decode("latin-1"), body)
                self.requests.append((passed, list(head.headers)))
                if list(event.headers):
                    self.mistakes.append("there were trailers")
                answer = h11.Response(status_code=200, headers=[("Content-Length", "2")])
                writer.write(parser.send(answer) or b"")
                if head.method != b"HEAD":
                    writer.write(parser.send(h11.Data(b"ok")) or b"")
                writer.write(parser.send(h11.EndOfMessage()) or b"")
                parser.start_next_cycle()
            else:
                return


class Scene:
    """The gateway in front of a recorder, and clients that cut their bytes in two."""

    def __init__(self, stage: Stage, recorder: Recorder) -> None:
        self.stage = stage
        self.recorder = recorder
        self._browser = f"Host: localhost:{stage.port}\r\nCookie: {stage.cookie()}".encode()

    async def send(self, case: Case, cut: int) -> list[int]:
        """Send a case cut at a place; returns the statuses of the answers."""
        data = case.data.replace(b"~", self._browser)
        cut = cut % len(data)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.stage.port, limit=2**20)
        try:
            if cut:
                writer.write(data[:cut])
                await self.stage.pause()
            writer.write(data[cut:])
            return await self._answers(case, reader)
        finally:
            writer.close()

    async def _answers(self, case: Case, reader: asyncio.StreamReader) -> list[int]:
        parser = h11.Connection(h11.CLIENT)
        statuses: list[int] = []
        methods = [passed.method for passed in case.passed] or ["POST"]
        wanted = len(case.passed)
        asked = False
        while True:
            if not asked:
                method = methods[min(len(statuses), len(methods) - 1)]
                parser.send(h11.Request(method=method, target="/", headers=[("Host", "a"), ("Content-Length", "0")]))
                parser.send(h11.EndOfMessage())
                asked = True
            event = parser.next_event()
            if event is h11.NEED_DATA:
                try:
                    data = await asyncio.wait_for(reader.read(65536), PATIENCE)
                except ConnectionResetError:
                    data = b""
                if not data:
                    return statuses
                parser.receive_data(data)
            elif isinstance(event, h11.Response):
                statuses.append(event.status_code)
            elif isinstance(event, h11.EndOfMessage):
                if parser.their_state is h11.MUST_CLOSE or (
                    wanted and len(statuses) >= wanted and not parser.trailing_data[0]
                ):
                    return statuses
                if parser.our_state is not h11.DONE or parser.their_state is not h11.DONE:
                    return statuses
                parser.start_next_cycle()
                asked = False


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    recorder = Recorder()
    port = await recorder.start()
    async with Stage(upstreams=(UpstreamSettings(id="main", url=f"http://127.0.0.1:{port}"),)) as stage:
        yield Scene(stage, recorder)
    await recorder.stop()


def places(case: Case) -> list[int]:
    """Where to cut: nowhere, at the ends, in the middle, and inside line ends."""
    length = len(case.data)
    found = {0, 1, length // 3, length // 2, length - 1, length - 2}
    end = case.data.find(b"\r\n")
    found |= {end + 1, end + 2} if end > 0 else set()
    body = case.data.find(b"\r\n\r\n")
    found |= {body + 2, body + 4, body + 6} if body > 0 else set()
    return sorted(place for place in found if 0 <= place < length)


@pytest.mark.parametrize("idea", IDEAS)
async def test_refused_or_exactly_what_was_judged(scene: Scene, idea: str) -> None:
    for case in [case for case in CASES if case.idea == idea]:
        for cut in places(case):
            where = f"{case.id}, cut at {cut}"
            before = len(scene.recorder.requests)
            statuses = await scene.send(case, cut)
            reached = scene.recorder.requests[before:]
            assert [passed for passed, _ in reached] == list(case.passed), where
            assert scene.recorder.mistakes == [], where
            good, refused = statuses[: len(case.passed)], statuses[len(case.passed) :]
            assert good == [200] * len(case.passed), where
            assert len(refused) <= 1, where
            assert all(400 <= status < 600 for status in refused), where
            for _, headers in reached:
                counts = Counter(name for name, _ in headers)
                assert (b"authorization", f"Bearer {TOKEN}".encode()) in headers, where
                assert counts[b"authorization"] == counts[b"host"] == 1, where
                assert counts[b"content-length"] + counts[b"transfer-encoding"] <= 1, where
                assert not any(b"forged" in value or b"_" in name for name, value in headers), where


def test_the_corpus_is_large_and_its_names_are_its_own() -> None:
    assert len(CASES) >= 200
    assert len({case.id for case in CASES}) == len(CASES)
