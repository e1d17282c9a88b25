"""Go's regular expressions in Python. What Go says to each of these was found out with Go 1.26."""

from __future__ import annotations

import re
import time

import pytest

from lampgate.config.backtracking import LONGEST_TEXT
from lampgate.config.re2 import PatternError, compile_re2, parse_replacement


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("^/foo/(.*)$", ["/foo/", "/foo/x/y"], ["/foo", "/x/foo/", "/foo/x\n"]),
        ("/foo", ["/foo", "/x/foobar"], ["/fo"]),
        ("^/x{,2}$", ["/x{,2}"], ["/x", "/xx", "/"]),
        ("a{2}", ["aab"], ["aba"]),
        (r"\Qa.b\E+", ["a.b", "a.bbb"], ["axb"]),
        (r"\x2fa\x{62}", ["/ab"], ["ab"]),
        ("(?i)^/API/", ["/api/", "/ApI/x"], ["/apo/"]),
        ("/(?i:A)b", ["/ab", "/Ab"], ["/aB"]),
        ("(?s)a.b", ["a\nb"], ["ab"]),
        ("[[:alpha:]]+[[:digit:]]", ["a1"], ["1a", "é1"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("^[^]a]$", ["b", "\n"], ["]", "a"]),
        ("[a-z-]", ["-"], ["A"]),
        ("[&&[||~~]", ["&", "[", "|", "~"], ["a"]),
        (r"\s|[\s]", [" ", "\t"], ["\v", "\xa0"]),
        (r"\S", ["\v", "é"], [" "]),
        (r"^[\W]$", ["é", "-"], ["a", "_", "0"]),
        (r"^\D$", ["²", "x"], ["3"]),
        (r"\bfoo\b", ["/foo/", "éfooé"], ["foox"]),
        ("(?P<a>x)(?<b>y)", ["xy"], ["x"]),
        ("(|a)b", ["b", "ab"], ["a"]),
        (r"a\z", ["ba"], ["a\n"]),
        ("}", ["}"], ["{"]),
        ("a{", ["a{"], ["a"]),
    ],
)  # fmt: skip
def test_expressions_mean_what_they_mean_in_go(pattern: str, matching: list[str], others: list[str]) -> None:
    compiled = compile_re2(pattern)
    assert [text for text in matching if not compiled.search(text)] == []
    assert [text for text in others if compiled.search(text)] == []


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("(?=a)", "looks around"), ("(?<!a)b", "looks around"), (r"(a)\1", r"refers back with \1"),
        (r"\pL", r"Unicode class (\p)"), (r"[\p{Greek}]", "Unicode class"), (r"\Z", r"has \Z"), (r"[\u0041]", r"\u"),
        ("(?m)^a$", "flag other than"), ("(?U)a+", "flag other than"), ("x(?i)a", "changes flags in its middle"),
        ("(?i)é", "outside ASCII"), ("[[:^alpha:]]", "[:name:]"), ("a**", "repetition"), ("a++", "repetition"),
        ("a{2}{3}", "repetition"), ("a{1001}", "1000 is the highest"), ("a{3,2}", "count that is not valid"),
        ("[z-a]", "range"), ("[a", "without its ]"), ("[", "without its ]"), ("(", "not a valid"),
        (")", "not a valid"),
        ("*a", "not a valid"), ("(?P<a>x)(?P<a>y)", "not a valid"), ("(?#x)a", "group (?"), ("(?>a)", "group (?"),
        ("a\\", "middle of an escape"), (r"\é", "a backslash"),
    ],
)  # fmt: skip
def test_what_only_one_of_them_has_is_refused(pattern: str, sentence: str) -> None:
    with pytest.raises(PatternError, match=re.escape(sentence)):
        compile_re2(pattern)


SAFE = [
    "^/app/(.*)$",
    "/app/(.*)",
    "^/([^/]+)/x/([^/]+)/(.*)$",
    "^/a(/.*)?$",
    "^/(a|b|c)/(.*)$",
    "^/v[0-9]{1,3}/([a-z-]+)/?$",
    "(ab)+",
    "^(?:[0-9a-f]{4}){2}/.*/x",
]


@pytest.mark.parametrize("pattern", SAFE)
def test_harmless_expressions_pass_and_are_fast(pattern: str) -> None:
    compiled = compile_re2(pattern)
    for made in ("/" * LONGEST_TEXT, "a" * LONGEST_TEXT, "/app" * (LONGEST_TEXT // 4), "/a/x" * (LONGEST_TEXT // 4)):
        start = time.perf_counter()
        compiled.search(made)
        assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("(a+)+b", "repeats a group"), ("(a|a)*b", "repeats a group"), ("(a?){30}a{30}", "repeats a group"),
        ("([a-z]+/)*x", "repeats a group"), ("(.*)/(.*)", "too long"), ("^.*a.*b.*c", "too long"),
        (".*x.*", "too long"), ("^" + "a?" * 30 + "a" * 30, "too long"), ("^.{0,9}.{0,9}.*.*x", "too long"),
        ("^" + "(a|b)" * 30 + "c", "too long"),
    ],
)  # fmt: skip
def test_expressions_that_could_take_long_are_refused(pattern: str, sentence: str) -> None:
    with pytest.raises(PatternError, match=sentence):
        compile_re2(pattern)


class TestReplacements:
    PATTERN = re.compile("(?P<first>a)(b)")

    @pytest.mark.parametrize(
        ("template", "parts"),
        [
            ("/x", ("/x",)), ("/$1/$2", ("/", 1, "/", 2)), ("${1}x", (1, "x")), ("$first-$2", (1, "-", 2)),
            ("$0", (0,)), ("a$$b", ("a", "$", "b")), ("$", ("$",)), ("$-${", ("$-${",)), ("?q=$2", ("?q=", 2)),
        ],
    )  # fmt: skip
    def test_parts(self, template: str, parts: tuple[str | int, ...]) -> None:
        assert parse_replacement(template, self.PATTERN) == parts

    @pytest.mark.parametrize("template", ["$3", "$1x", "${last}", "$firstly"])
    def test_groups_that_are_not_there(self, template: str) -> None:
        with pytest.raises(PatternError, match=re.escape(template)):
            parse_replacement(template, self.PATTERN)

    def test_a_name_that_goes_too_far_is_explained(self) -> None:
        with pytest.raises(PatternError, match=re.escape("write ${1}x if $1 is meant")):
            parse_replacement("/$1x", self.PATTERN)
