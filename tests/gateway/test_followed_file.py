"""The secrets that seal cookies are rotated by changing their file: nobody is signed out, or everybody is."""

from __future__ import annotations

import logging
import os
import time
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from lampgate.config.oauth2_proxy.cookie_secret import secrets_of
from lampgate.gateway.followed_file import FollowedFile
from lampgate.session.seal import KeyRing
from tests.gateway.stage import Stage
from tests.gateway.test_websockets import open_websocket

OLD, NEW = (urlsafe_b64encode(os.urandom(32)).decode() for _ in range(2))


class Rotation:
    """A file of secrets and what follows it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text(OLD)
        self.keys = KeyRing(secrets_of(OLD))
        self.removals = 0
        self.file = FollowedFile(path, "cookie secrets", self._take)

    def _take(self, text: str) -> None:
        self.removals += bool(self.keys.replace(secrets_of(text)))

    def change(self, text: str) -> None:
        replacement = self.path.with_suffix(".new")
        replacement.write_text(text)
        replacement.replace(self.path)
        self.file.check()


@pytest.fixture
def rotation(tmp_path: Path) -> Rotation:
    return Rotation(tmp_path / "secrets")


def test_a_new_secret_in_front_signs_nobody_out(rotation: Rotation) -> None:
    sealed = rotation.keys.seal("session", b"somebody")
    rotation.change(f"{NEW}\n{OLD}\n")
    assert rotation.keys.open("session", sealed) == b"somebody"
    assert rotation.removals == 0
    sealed_anew = rotation.keys.seal("session", b"somebody")
    rotation.change(NEW)
    assert rotation.keys.open("session", sealed_anew) == b"somebody"
    assert rotation.keys.open("session", sealed) is None
    assert rotation.removals == 1


@pytest.mark.parametrize("text", ["", "\n", "short", f"{NEW}\nshort", "X" * 32, f"{NEW}\n{'0' * 32}"])
def test_a_file_that_cannot_be_used_changes_nothing(
    rotation: Rotation, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    sealed = rotation.keys.seal("session", b"somebody")
    rotation.change(text)
    rotation.file.check()
    assert rotation.keys.open("session", sealed) == b"somebody"
    assert len(caplog.records) == 1
    assert NEW not in caplog.text


def test_a_file_that_is_away_changes_nothing_until_it_is_back(
    rotation: Rotation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    rotation.path.unlink()
    for _ in range(3):
        rotation.file.check()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    rotation.change(f"{NEW}\n{OLD}")
    assert "cookie secrets read anew" in caplog.text


@pytest.mark.parametrize(
    ("text", "count"),
    [("a7b6c5d4e3f2g1h0", 1), (f"{OLD}\r\n", 1), (f"\n{OLD}\n\n{NEW}\n", 2), ("a7b6c5d4e3f2g1h\n", 0)],
)
def test_what_a_file_may_hold(text: str, count: int) -> None:
    if count:
        assert len(secrets_of(text)) == count
    else:
        with pytest.raises(ValueError, match="secret 1 is not of 16, 24 or 32 bytes"):
            secrets_of(text)


async def test_a_secret_that_is_taken_away_ends_what_it_sealed() -> None:
    async with Stage() as stage:
        client, _origin = await open_websocket(stage)
        cookie = stage.cookie().encode()
        asking = await stage.client()
        asking.sends(stage.request())
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers_ok()
        assert (await asking.gets_answer())[0] == 200
        assert stage.keys.replace([b"n" * 32])
        stage.server.look_again()
        assert (await client.gets_end())[:4] == b"\x88\x21\x11\x31"
        assert stage.admission.verified(cookie, secure=False, now=time.time()) is None
        asking.sends(stage.request("GET /clusters/a HTTP/1.1", f"Cookie: {cookie.decode()}", signed_in=False))
        assert (await asking.gets_answer())[0] == 401
