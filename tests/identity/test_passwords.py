"""Names and passwords of the file, checked."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import bcrypt
import pytest

from lampgate.config.settings import PasswordSettings
from lampgate.identity.bearer import bearer_in
from lampgate.identity.brought import Brought
from lampgate.identity.passwords import (
    PasswordFileError,
    PasswordLibraryMissingError,
    Passwords,
    PasswordsBusyError,
    open_passwords,
)
from lampgate.session.store import Absent, Found

SESAME = bcrypt.hashpw(b"open sesame", bcrypt.gensalt(4)).decode()
SHA = "{SHA}" + base64.b64encode(hashlib.sha1(b"barley", usedforsecurity=False).digest()).decode()
FILE = f"rita:{SESAME}\nbot:{SHA}\nlong:{bcrypt.hashpw(b'x' * 72, bcrypt.gensalt(4)).decode()}\n"


def basic(name: str, password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{name}:{password}".encode())


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    passwords = Passwords(PasswordSettings(file=Path("/users"), groups=("sre",)), FILE, time.time)
    yield passwords
    passwords.close()


@pytest.mark.parametrize(
    ("name", "password", "fits"),
    [
        ("rita", "open sesame", True),
        ("bot", "barley", True),
        ("long", "x" * 72, True),
        ("long", "x" * 90, True),
        ("long", "x" * 71, False),
        ("rita", "barley", False),
        ("bot", "open sesame", False),
        ("Rita", "open sesame", False),
        ("nobody", "open sesame", False),
        ("", "", False),
        ("rita", "", False),
        ("rita", "open sesame\x00", False),
        ("bot", SHA, False),
    ],
)
async def test_who_it_is(passwords: Passwords, name: str, password: str, *, fits: bool) -> None:
    for _ in range(2):
        subject = await passwords.check(name, password)
        assert (subject is not None) is fits
    if subject is not None:
        assert (subject.sub, subject.groups, subject.key) == (name, ("sre",), f"htpasswd#{name}")
        assert subject.is_local
        assert passwords.knows(subject)


@pytest.mark.parametrize(
    "line", ["", f"rita:{SHA}\n", f"rita:{bcrypt.hashpw(b'other', bcrypt.gensalt(4)).decode()}\n"]
)
async def test_who_is_no_longer_in_the_file(passwords: Passwords, line: str) -> None:
    subject = await passwords.check("rita", "open sesame")
    assert subject is not None
    passwords.take(line)
    assert not passwords.knows(subject)
    assert await passwords.check("rita", "open sesame") is None


async def test_a_file_that_cannot_be_used_changes_nothing(passwords: Passwords) -> None:
    with pytest.raises(ValueError, match="line 1 "):
        passwords.take("rita\n")
    assert await passwords.check("rita", "open sesame") is not None


async def test_what_is_wrong_is_not_checked_twice_until_the_file_changes(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    fits = passwords._fits

    def note(password: bytes, hashed: str) -> bool:
        checked.append(hashed)
        return fits(password, hashed)

    monkeypatch.setattr(passwords, "_fits", note)
    for _ in range(3):
        assert await passwords.check("rita", "wrong") is None
        assert await passwords.check("nobody", "wrong") is None
    # A name that is not there takes as long as one that is.
    assert checked == [SESAME, SESAME]
    passwords.take(f"rita:{bcrypt.hashpw(b'wrong', bcrypt.gensalt(4)).decode()}")
    assert await passwords.check("rita", "wrong") is not None


async def test_no_more_wait_than_is_reasonable(passwords: Passwords) -> None:
    asked = [asyncio.ensure_future(passwords.check("rita", f"wrong {number}")) for number in range(60)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {type(None), PasswordsBusyError}
    assert await passwords.check("rita", "open sesame") is not None


async def test_a_header_stands_for_a_session(passwords: Passwords) -> None:
    header = basic("rita", "open sesame")
    brought = Brought(None, passwords)
    found = await brought.session(header)
    assert isinstance(found, Found)
    assert 0 < found.session.good_until() - time.time() <= 3600
    assert b"sesame" not in brought.key(header)
    assert brought.key(header) == brought.key(header) != brought.key(basic("rita", "wrong"))
    assert b"\0" in brought.key(header)
    assert await brought.session(basic("rita", "wrong")) == Absent("password-wrong")
    for other in (b"", b"Basic !", b"Bearer x", b"Digest x"):
        assert brought.key(other) == b""
    assert "sesame" not in repr(found)


JWT = "eyJhIjoxfQ.eyJhIjoxfQ.c2ln"


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (b"Bearer " + JWT.encode(), JWT),
        (basic("x", JWT), JWT),
        (basic(JWT, ""), JWT),
        (basic(JWT, "x-oauth-basic"), JWT),
        (basic(JWT, "other"), ""),
        (basic("x", JWT + "é"), ""),
        (basic("rita", "open sesame"), ""),
    ],
)
def test_tokens_in_the_place_of_passwords(header: bytes, token: str) -> None:
    assert bearer_in(header) == token


@pytest.mark.parametrize("content", [None, b"rita", b"\xff\xfe"])
def test_a_file_to_start_with_that_cannot_be_used(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "users"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PasswordFileError) as caught:
        open_passwords(PasswordSettings(file=file), time.time)
    assert caught.value.cause
    assert "xff" not in str(caught.value)


def test_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "users"
    file.write_text(FILE)
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    with pytest.raises(PasswordLibraryMissingError) as caught:
        open_passwords(PasswordSettings(file=file), time.time)
    assert "lampgate[htpasswd]" in caught.value.remedy
