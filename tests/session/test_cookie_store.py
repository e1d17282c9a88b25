from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from lampgate.session.cookie_store import CookieStore
from lampgate.session.packing import pack, unpack
from lampgate.session.record import Session, Subject, Token
from lampgate.session.revocation import Revocation, Revocations
from lampgate.session.seal import KeyRing
from lampgate.session.store import Absent, Found
from lampgate.wire.cookies import CookieAttributes

NOW = 1_800_000_000


def jwt(groups: int) -> str:
    """A token of the size AKS's have: RS256 over JSON with group ids."""
    claims = {
        "aud": "6dae42f8-4368-4678-94ff-3960e28e3630",
        "oid": "b2d8f1ef-2c30-4a7b-9f42-1e806caf3b02",
        "groups": [f"{number:08x}-1111-4222-8333-{os.urandom(6).hex()}" for number in range(groups)],
        "filler": "an entra access token has about 1.4 KB of claims " * 25,
    }
    parts = [json.dumps({"alg": "RS256"}).encode(), json.dumps(claims).encode(), os.urandom(256)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def session(groups: int = 0, *, session_id: str = "s1", lifetime: int = 3600) -> Session:
    return Session(
        id=session_id,
        subject=Subject("https://issuer", "sub", tid="t", oid="o", name="Rita", groups=("g",)),
        signed_in_at=NOW,
        expires_at=NOW + 12 * 3600,
        tokens={"access_token": Token(jwt(groups), NOW + lifetime)},
        refresh_token="1.AX" + base64.urlsafe_b64encode(os.urandom(600)).decode(),
    )


@dataclass
class Browser:
    """Keeps cookies as a browser does."""

    cookies: dict[str, str] = field(default_factory=dict)

    def receive(self, set_cookies: list[str]) -> None:
        for line in set_cookies:
            name, value = line.split(";")[0].split("=", 1)
            assert len(line) <= 4096
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value


@pytest.fixture
def revocations() -> Revocations:
    return Revocations(lambda: NOW)


@pytest.fixture
def store(revocations: Revocations) -> CookieStore:
    attributes = CookieAttributes(secure=True)
    return CookieStore("__Host-lampgate", attributes, KeyRing([b"k" * 32]), revocations)


@pytest.mark.parametrize("groups", [0, 50])
def test_a_session_comes_back_as_it_was(store: CookieStore, groups: int) -> None:
    browser = Browser()
    kept = session(groups)
    browser.receive(store.save(kept, browser.cookies, NOW))
    assert len(browser.cookies) == 1
    assert store.load(browser.cookies, NOW) == Found(kept)


def test_without_a_refresh_token_all_of_it_comes_back(store: CookieStore) -> None:
    browser = Browser()
    kept = replace(session(200), refresh_token="")
    browser.receive(store.save(kept, browser.cookies, NOW))
    assert store.load(browser.cookies, NOW) == Found(kept)


def test_what_a_renewal_brings_back_stays_out_of_a_cookie_it_has_no_room_in(store: CookieStore) -> None:
    browser = Browser()
    kept = session(200)
    browser.receive(store.save(kept, browser.cookies, NOW))
    assert len(browser.cookies) == 1
    assert store.load(browser.cookies, NOW) == Found(replace(kept, tokens={}))


@pytest.mark.parametrize("come_back", [True, False])
def test_groups_are_left_out_only_where_they_come_back(revocations: Revocations, *, come_back: bool) -> None:
    store = CookieStore(
        "n", CookieAttributes(secure=True), KeyRing([b"k" * 32]), revocations, groups_come_back=lambda: come_back
    )
    groups = tuple(f"{os.urandom(4).hex()}-1111-4222-8333-{os.urandom(6).hex()}" for _ in range(400))
    kept = session(200)
    kept = replace(kept, subject=replace(kept.subject, groups=groups))
    browser = Browser()
    browser.receive(store.save(kept, browser.cookies, NOW))
    found = store.load(browser.cookies, NOW)
    assert isinstance(found, Found)
    assert found.session.subject.groups == (() if come_back else groups)
    assert (len(browser.cookies) == 1) is come_back


def test_an_aks_token_without_groups_fits_one_cookie(store: CookieStore) -> None:
    browser = Browser()
    browser.receive(store.save(session(0), {}, NOW))
    assert len(browser.cookies) == 1


def test_left_over_parts_are_deleted_and_never_read(store: CookieStore) -> None:
    browser = Browser()
    browser.receive(store.save(replace(session(200), refresh_token=""), browser.cookies, NOW))
    assert len(browser.cookies) > 1
    shorter = session(0)
    stale = dict(browser.cookies)
    browser.receive(store.save(shorter, browser.cookies, NOW))
    assert len(browser.cookies) == 1
    assert store.load(stale | browser.cookies, NOW) == Found(shorter)


def test_a_missing_part_is_no_session(store: CookieStore) -> None:
    browser = Browser()
    browser.receive(store.save(replace(session(200), refresh_token=""), {}, NOW))
    del browser.cookies["__Host-lampgate-1"]
    assert store.load(browser.cookies, NOW) == Absent("not-ours")


@pytest.mark.parametrize(
    ("value", "reason"),
    [("", "not-ours"), ("x", "not-ours"), ("1~", "not-ours"), ("0~x", "not-ours"), ("99~x", "not-ours"),
     ("-1~x", "not-ours"), ("²~x", "not-ours"), ("1~AQAA", "not-ours"), ("1" * 500 + "~x", "not-ours")],
)  # fmt: skip
def test_noise_is_no_session(store: CookieStore, value: str, reason: str) -> None:
    assert store.load({"__Host-lampgate": value}, NOW) == Absent(reason)


def test_no_cookie(store: CookieStore) -> None:
    assert store.load({"lampgate": "1~x"}, NOW) == Absent("no-cookie")


def test_a_session_outlives_its_access_token_and_ends_with_its_own_life(store: CookieStore) -> None:
    browser = Browser()
    browser.receive(store.save(session(lifetime=60), {}, NOW))
    assert isinstance(store.load(browser.cookies, NOW + 12 * 3600 - 1), Found)
    assert store.load(browser.cookies, NOW + 12 * 3600) == Absent("expired")


def test_an_ended_session_stays_ended_though_the_browser_has_it(store: CookieStore, revocations: Revocations) -> None:
    browser = Browser()
    kept = session()
    browser.receive(store.save(kept, {}, NOW))
    stolen = dict(browser.cookies)
    told: list[Revocation] = []
    revocations.subscribe(told.append)
    browser.receive(store.end(Found(kept), browser.cookies))
    assert browser.cookies == {}
    assert [(one.kind, one.value, one.reason) for one in told] == [("session", "s1", "signed out")]
    assert told[0].means(kept)
    assert store.load(stolen, NOW) == Absent("revoked")


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "1.AXoAq-_x", "a..b", "ä.b", jwt(3)])
def test_any_token_survives_packing(token: str) -> None:
    kept = Session("s", Subject("i", "s"), NOW, NOW + 1, {"access_token": Token(token, NOW)}, token, token)
    assert unpack(pack(kept)) == kept


def test_other_bytes_are_no_session() -> None:
    assert unpack(b"") is None
    assert unpack(b"x\x9c\x03\x00\x00\x00\x00\x01") is None


def test_nothing_secret_is_shown() -> None:
    kept = session()
    shown = repr(kept) + repr(kept.tokens)
    assert kept.tokens["access_token"].value[:20] not in shown
    assert kept.refresh_token[:20] not in shown
