"""Where the network cuts must not matter: the same bytes in pieces come to the same as in one."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.gateway.in_memory import World
from tests.gateway.smuggling_corpus import CASES

BODIES = st.binary(max_size=40)
TARGETS = st.from_regex(rb"/[a-z0-9/]{0,12}(?:\?[a-z=&%0-9]{0,8})?", fullmatch=True)


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request that is right; ``~`` stands for the browser's own headers."""
    target = draw(TARGETS)
    body = draw(BODIES)
    match draw(st.sampled_from(["none", "length", "chunks"])):
        case "length":
            return b"POST %b HTTP/1.1\r\n~\r\nContent-Length: %d\r\n\r\n%b" % (target, len(body), body)
        case "chunks":
            size = draw(st.integers(1, 20))
            return b"PUT %b HTTP/1.1\r\n~\r\nTransfer-Encoding: chunked\r\n\r\n%b" % (target, chunked(body, size))
        case _:
            return b"GET %b HTTP/1.1\r\n~\r\n\r\n" % target


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A request with something put in, taken out or changed anywhere."""
    data = bytearray(draw(requests()))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.integers(0, 2)):
            case 0:
                data[at:at] = draw(st.sampled_from([b"\r", b"\n", b"\r\n", b" ", b":", b"\x00", b"0", b"\r\n "]))
            case 1:
                del data[at]
            case _:
                data[at] = draw(st.integers(0, 255))
        if not data:
            data += b"x"
    return bytes(data)


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


def outcome(world: World) -> tuple[object, ...]:
    """What the origin and the client have seen. A refusal's words may hang on how far it was read."""
    return world.seen, re.findall(rb"HTTP/1\.1 (\d)\d\d ", world.answers), world.over


STREAMS = st.lists(requests(), max_size=3).flatmap(
    lambda good: st.builds(
        lambda last: b"".join(good) + last, st.one_of(requests(), mutated(), st.binary(max_size=60))
    )
)
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)


@UNHURRIED
@given(STREAMS, st.lists(st.integers(0, 2**16), max_size=12))
def test_pieces_come_to_the_same_as_the_whole(stream: bytes, cuts: list[int]) -> None:
    whole, pieces = World(), World()
    whole.send(stream.replace(b"~", whole.browser))
    for piece in pieces_of(stream.replace(b"~", whole.browser), cuts):
        pieces.send(piece)
    assert outcome(pieces) == outcome(whole)


@pytest.mark.parametrize("idea", sorted({case.idea for case in CASES} - {"sizes"}))
def test_the_corpus_byte_by_byte(idea: str) -> None:
    for case in [case for case in CASES if case.idea == idea]:
        whole, pieces = World(), World()
        data = case.data.replace(b"~", whole.browser)
        whole.send(data)
        for place in range(len(data)):
            pieces.send(data[place : place + 1])
        assert pieces.seen == whole.seen, case.id
        assert pieces.answers[:12] == whole.answers[:12], case.id
        assert [seen[:2] for seen in whole.seen] == [(each.method, each.target) for each in case.passed], case.id


class Connection(RuleBasedStateMachine):
    """A client that sends good requests, then at some time bad ones, in pieces of any size; and the model of it."""

    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.expected: list[tuple[str, str, bytes]] = []
        self.held_back = b""
        self.has_sent_garbage = False

    @rule(path=TARGETS, body=BODIES, size=st.integers(1, 20), kind=st.sampled_from(["GET", "POST", "PUT"]))
    def asks(self, path: bytes, body: bytes, size: int, kind: str) -> None:
        if self.has_sent_garbage:
            return
        if kind == "GET":
            body = b""
            framed = b"\r\n"
        elif kind == "POST":
            framed = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        else:
            framed = b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, size)
        self.held_back += b"%b %b HTTP/1.1\r\n%b\r\n%b" % (kind.encode(), path, self.world.browser, framed)
        self.expected.append((kind, path.decode(), body))

    @rule(garbage=st.sampled_from([b"\x00", b"GET\r\n\r\n", b"X : y\r\n\r\n", b"POST / HTTP/1.1\r\nHost: a\n\n"]))
    def sends_garbage(self, garbage: bytes) -> None:
        self.held_back += garbage + b"\r\n\r\n"
        self.has_sent_garbage = True

    @rule(most=st.integers(1, 400))
    def sends_some(self, most: int) -> None:
        piece, self.held_back = self.held_back[:most], self.held_back[most:]
        if piece:
            self.world.send(piece)

    @rule()
    def sends_all(self) -> None:
        self.sends_some(len(self.held_back) + 1)

    @invariant()
    def the_origin_has_seen_what_was_asked_in_order(self) -> None:
        seen = self.world.seen
        assert seen == self.expected[: len(seen)]
        assert self.world.answers.count(b"HTTP/1.1 200 ") == len(seen)
        if not self.held_back and not self.has_sent_garbage:
            assert seen == self.expected
            assert not self.world.over
        if not self.held_back and self.has_sent_garbage:
            assert seen == self.expected
            assert self.world.over
            assert self.world.answers.count(b"HTTP/1.1 4") == 1


Connection.TestCase.settings = settings(deadline=None, max_examples=60, stateful_step_count=25)
TestConnection = Connection.TestCase
