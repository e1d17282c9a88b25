from __future__ import annotations

import pytest

from lampgate.config.oauth2_proxy.substitution import SubstitutionError, shown_variable, substitute

ENVIRONMENT = {"NAME": "value", "EMPTY": "", "OTHER": "another", "LINES": "one\ntwo"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$NAME", "value"),
        ("${NAME}", "value"),
        ("a${NAME}b", "avalueb"),
        ("$NAME.x", "value.x"),
        ("$UNSET|", "|"),
        ("${UNSET}|", "|"),
        ("${EMPTY:-text}", "text"),
        ("${EMPTY:=text}", "text"),
        ("${EMPTY-text}", ""),
        ("${UNSET-text}", "text"),
        ("${UNSET=text}", "text"),
        ("${NAME:-text}", "value"),
        ("${NAME+text}", "text"),
        ("${NAME:+text}", "text"),
        ("${EMPTY+text}", "text"),
        ("${EMPTY:+text}", ""),
        ("${UNSET+text}", ""),
        ("${UNSET:-$OTHER}", "another"),
        ("${UNSET:-${OTHER}}", "another"),
        ("${UNSET:-a:b-c}", "a:b-c"),
        ("$$NAME", "$NAME"),
        ("$$", "$"),
        ("^/(.*)$", "^/(.*)$"),
        ("/$1/$2", "/$1/$2"),
        ("${1}x", "${1}x"),
        ("$_ ${_}", "$_ ${_}"),
        ("cost: 5$", "cost: 5$"),
        ("no variable", "no variable"),
    ],
)
def test_rules(text: str, result: str) -> None:
    assert substitute(text, ENVIRONMENT).text == result


@pytest.mark.parametrize(
    ("text", "line"),
    [("${NAME", 0), ("x\n${NAME\n}", 1), ("${}", 0), ("${ NAME}", 0), ("${NAME?x}", 0), ("${UNSET:-${A:-}", 0)],
)
def test_what_cannot_be_substituted(text: str, line: int) -> None:
    with pytest.raises(SubstitutionError) as raised:
        substitute(text, ENVIRONMENT)
    assert raised.value.line == line


def test_nesting_has_an_end() -> None:
    with pytest.raises(SubstitutionError, match="nested"):
        substitute("${UNSET:-" * 50 + "}" * 50, ENVIRONMENT)


def test_lines_of_the_result_lead_back_to_the_source() -> None:
    result = substitute("a\n$LINES\nb\n", ENVIRONMENT)
    assert result.text.split("\n") == ["a", "one", "two", "b", ""]
    assert list(result.lines) == [0, 1, 1, 2, 3]


def test_unset_variables_are_told_with_their_lines() -> None:
    assert substitute("$NAME\n$GONE ${LOST:-}\n${AWAY}", ENVIRONMENT).unset == (("GONE", 1), ("AWAY", 2))


@pytest.mark.parametrize(
    ("name", "shown"), [("CLIENT_ID", "$CLIENT_ID"), ("word", "A variable used here"), ("X", "A variable used here")]
)
def test_what_may_be_a_part_of_a_secret_is_not_shown(name: str, shown: str) -> None:
    assert shown_variable(name) == shown
