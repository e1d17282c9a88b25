from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampgate.session.seal import KeyRing, generate_secret

OLD, NEW = b"o" * 32, b"n" * 32


@given(st.binary(max_size=2000))
def test_what_is_sealed_can_be_opened(plaintext: bytes) -> None:
    ring = KeyRing([NEW])
    assert ring.open("session", ring.seal("session", plaintext)) == plaintext


def test_a_text_for_one_purpose_does_not_open_for_another() -> None:
    ring = KeyRing([NEW])
    assert ring.open("sign-in", ring.seal("session", b"x")) is None


def test_every_key_opens_and_the_first_seals() -> None:
    before, rotated, after = KeyRing([OLD]), KeyRing([NEW, OLD]), KeyRing([NEW])
    assert rotated.open("session", before.seal("session", b"x")) == b"x"
    assert after.open("session", rotated.seal("session", b"y")) == b"y"
    assert after.open("session", before.seal("session", b"x")) is None


def test_no_two_seals_are_alike() -> None:
    ring = KeyRing([generate_secret()])
    assert ring.seal("session", b"x") != ring.seal("session", b"x")


@given(st.integers(0, 200), st.integers(1, 255))
def test_one_changed_bit_is_noticed(position: int, change: int) -> None:
    ring = KeyRing([NEW])
    sealed = bytearray(ring.seal("session", b"x" * 120).encode())
    position %= len(sealed)
    original = sealed[position]
    sealed[position] = original ^ change
    opened = ring.open("session", sealed.decode("latin-1"))
    # The last character of base64url has bits that mean nothing.
    assert opened is None or position == len(sealed) - 1


@pytest.mark.parametrize("text", ["", "A", "AQ", "é" * 50, "!" * 60, "A" * 60, "AQAAAA" * 20])
def test_noise(text: str) -> None:
    assert KeyRing([NEW]).open("session", text) is None


def test_secrets_are_not_shown() -> None:
    assert "n" * 8 not in repr(KeyRing([NEW]))


def test_marks_are_the_deployments_own() -> None:
    assert KeyRing([NEW, OLD]).marks("person", "t/o") == (
        *KeyRing([NEW]).marks("person", "t/o"),
        *KeyRing([OLD]).marks("person", "t/o"),
    )
    (mark,) = KeyRing([NEW]).marks("person", "t/o")
    assert "t/o" not in mark
    assert mark not in KeyRing([NEW]).marks("person", "t/other")
    assert mark not in KeyRing([NEW]).marks("other", "t/o")
