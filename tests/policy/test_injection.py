from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from lampgate.config.settings import HeaderInjection, InjectedValue
from lampgate.policy.injection import injected_lines, token_names
from lampgate.session.live import NOBODY
from lampgate.session.record import Session, Subject, Token

SESSION = Session(
    id="s",
    subject=Subject("i", "sub", email="rita@contoso.example", preferred_username="rita", groups=("a", "b")),
    signed_in_at=0,
    expires_at=1,
    tokens={"access_token": Token("TOKEN", 1)},
    id_token="IDTOKEN",
)


@pytest.mark.parametrize(
    ("name", "values", "line"),
    [
        ("Authorization", [("access_token", "Bearer ")], b"Authorization: Bearer TOKEN\r\n"),
        ("Authorization", [("id_token", "Bearer ")], b"Authorization: Bearer IDTOKEN\r\n"),
        ("X-User", [("user", "")], b"X-User: sub\r\n"),
        ("X-Mail", [("email", ""), ("preferred_username", "")], b"X-Mail: rita@contoso.example,rita\r\n"),
        ("X-Groups", [("groups", "g:")], b"X-Groups: g:a,g:b\r\n"),
    ],
)
def test_lines(name: str, values: list[tuple[str, str]], line: bytes) -> None:
    injection = HeaderInjection(
        name=name,
        values=tuple(InjectedValue.model_validate({"claim": claim, "prefix": prefix}) for claim, prefix in values),
    )
    assert injected_lines([injection], SESSION) == line


def test_a_secret_and_basic() -> None:
    injections = [
        HeaderInjection(name="X-Key", values=(InjectedValue(secret=SecretStr("hunter2")),)),
        HeaderInjection(
            name="Authorization", values=(InjectedValue(claim="user", basic_password=SecretStr("hunter2")),)
        ),
    ]
    assert injected_lines(injections, SESSION) == b"X-Key: hunter2\r\nAuthorization: Basic c3ViOmh1bnRlcjI=\r\n"
    # Of nobody only what everybody's requests carry.
    assert injected_lines(injections, NOBODY) == b"X-Key: hunter2\r\n"
    assert "hunter2" not in repr(injections)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"claim": "user", "secret": "x"},
        {"secret": "x", "basic_password": "x"},
        {"claim": "user", "prefix": "x", "basic_password": "x"},
        {"secret": "a\r\nX-Forged: 1"},
        {"claim": "user", "basic_password": "a\0"},
    ],
)
def test_values_that_are_none(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        InjectedValue.model_validate(values)
    assert "Forged" not in str(caught.value)


def test_an_empty_claim_adds_nothing() -> None:
    empty = Session(id="s", subject=Subject("i", ""), signed_in_at=0, expires_at=1)
    injections = [
        HeaderInjection(name="A", values=(InjectedValue(claim=claim, prefix="x "),))
        for claim in ("access_token", "id_token", "user", "email", "groups", "preferred_username")
    ]  # fmt: skip
    assert injected_lines(injections, empty) == b""


@pytest.mark.parametrize("value", ["a\r\nX-Forged: 1", "a\nb", "a\0"])
def test_a_claim_cannot_forge_a_header(value: str) -> None:
    session = Session(id="s", subject=Subject("i", value), signed_in_at=0, expires_at=1)
    assert injected_lines([HeaderInjection(name="X-User", values=(InjectedValue(claim="user"),))], session) == b""


def header(name: str, *claims: str) -> HeaderInjection:
    return HeaderInjection(name=name, values=tuple(InjectedValue(claim=claim) for claim in claims))


def test_further_tokens_and_claims() -> None:
    subject = Subject("i", "sub", claims={"realm.level": ("1", "2"), "graph": ("no token",)})
    session = Session(id="s", subject=subject, signed_in_at=0, expires_at=1)
    injections = [header("X-Graph", "token:graph"), header("X-Level", "claim:realm.level"), header("X-A", "claim:a")]
    assert injected_lines(injections, session) == b"X-Level: 1,2\r\n"
    tokens = {"graph": Token("GRAPH", 1)}
    assert injected_lines(injections, session, tokens) == b"X-Graph: GRAPH\r\nX-Level: 1,2\r\n"


def test_which_further_tokens_are_taken() -> None:
    injections = [header("A", "token:graph", "access_token"), header("B", "token:graph", "token:other")]
    assert token_names(injections) == ("graph", "other")
    assert token_names([header("A", "access_token")]) == ()
