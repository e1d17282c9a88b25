"""Entra's error numbers explained."""

from __future__ import annotations

import pytest

from lampgate.entra.aadsts import EXPLANATIONS, Fixer, find, numbers


@pytest.mark.parametrize(
    ("description", "codes", "number"),
    [
        ("AADSTS50011: The redirect URI 'x' specified in the request does not match", None, 50011),
        ("AADSTS700016: Application not found.\r\nTrace ID: 1\r\nCorrelation ID: 2", None, 700016),
        ("no number", [50076], 50076),
        ("AADSTS50079: unknown here. AADSTS50076", None, 50076),
        ("AADSTS7002138: case", [7002138], 7002138),
        ("AADSTS1", None, None),
        ("", ["50076", True, -5, None], None),
        ("", "50076", None),
        ("", {"a": 1}, None),
        ("AADSTS99999999999999", None, None),
    ],
)
def test_find(description: str, codes: object, number: int | None) -> None:
    found = find(description, codes)
    assert (found.number if found else None) == number


def test_codes_come_before_the_text() -> None:
    assert numbers("AADSTS70000 AADSTS50076", [50173, 50076]) == (50173, 50076, 70000)


def test_every_row_is_a_sentence_and_a_remedy() -> None:
    assert len(EXPLANATIONS) >= 45
    for explanation in EXPLANATIONS.values():
        assert explanation.sentence.endswith(".")
        assert len(explanation.remedy) > 5
        assert "AADSTS" not in explanation.sentence


def test_advice_names_who_it_is_for() -> None:
    assert EXPLANATIONS[50058].advice == "Sign in."
    assert EXPLANATIONS[53003].fixer is Fixer.ADMINISTRATOR
    assert EXPLANATIONS[53003].advice.startswith("For an administrator of the tenant: ")
