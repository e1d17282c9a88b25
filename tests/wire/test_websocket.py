from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampgate.wire.request_parser import BadRequestError, RequestParser
from lampgate.wire.websocket import FrameFollower, check_handshake, close_frame

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
VERSION = "Sec-WebSocket-Version: 13"


def frame(opcode: int, payload: bytes, *, masked: bool, fin: bool = True) -> bytes:
    length = len(payload)
    head = bytes(((0x80 if fin else 0) | opcode,))
    flag = 0x80 if masked else 0
    if length < 126:
        head += bytes((flag | length,))
    elif length < 65536:
        head += bytes((flag | 126,)) + struct.pack("!H", length)
    else:
        head += bytes((flag | 127,)) + struct.pack("!Q", length)
    return head + (b"\x01\x02\x03\x04" if masked else b"") + payload


class TestHandshake:
    @staticmethod
    def check(*lines: str, request_line: str = "GET / HTTP/1.1") -> None:
        fields = [request_line, "Host: a", "Connection: Upgrade", "Upgrade: websocket", *lines, "", ""]
        check_handshake(RequestParser().parse("\r\n".join(fields).encode()))

    def test_good(self) -> None:
        self.check(KEY, VERSION)

    @pytest.mark.parametrize(
        ("lines", "status"),
        [
            ((VERSION,), 400),
            ((KEY,), 426),
            ((KEY, "Sec-WebSocket-Version: 8"), 426),
            ((VERSION, "Sec-WebSocket-Key: x"), 400),
        ],
        ids=["no-key", "no-version", "old-version", "bad-key"],
    )
    def test_bad(self, lines: tuple[str, ...], status: int) -> None:
        with pytest.raises(BadRequestError) as refusal:
            self.check(*lines)
        assert refusal.value.status == status

    def test_post(self) -> None:
        with pytest.raises(BadRequestError):
            self.check(KEY, VERSION, request_line="POST / HTTP/1.1")


_FRAMES = st.lists(
    st.tuples(
        st.sampled_from([0x1, 0x2, 0x9]),
        st.integers(0, 300) | st.sampled_from([125, 126, 65535, 65536]),
        st.booleans(),
    ),
    max_size=6,
)


@given(_FRAMES, st.data())
def test_boundaries_are_found_however_the_bytes_are_split(
    frames: list[tuple[int, int, bool]], data: st.DataObject
) -> None:
    encoded = [frame(opcode, b"x" * length, masked=masked) for opcode, length, masked in frames]
    stream = b"".join(encoded)
    boundaries = {0}
    for one in encoded:
        boundaries.add(max(boundaries) + len(one))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=12)) | {len(stream)})
    follower = FrameFollower()
    position = 0
    for cut in cuts:
        within = [boundary - position for boundary in sorted(boundaries) if position < boundary <= cut]
        assert follower.follow(stream[position:cut]) == (within[0] if within else -1)
        position = cut
        assert follower.at_boundary == (position in boundaries)
    assert not follower.closed


@pytest.mark.parametrize("masked", [False, True])
def test_a_close_frame_is_noticed(masked: bool) -> None:
    follower = FrameFollower()
    seen = []
    for byte in frame(0x1, b"hello", masked=masked) + frame(0x8, b"\x03\xe8", masked=masked):
        follower.follow(bytes((byte,)))
        seen.append(follower.closed)
    # Not before it is there, and for good.
    assert seen == sorted(seen)
    assert seen[-1]
    assert not any(seen[: len(frame(0x1, b"hello", masked=masked))])


def test_close_frames() -> None:
    assert close_frame(4401, "signed out") == b"\x88\x0c\x11\x31signed out"
    masked = close_frame(1001, "", mask=b"\xff\x00\xff\x00")
    assert masked == b"\x88\x82\xff\x00\xff\x00" + bytes((0x03 ^ 0xFF, 0xE9))
