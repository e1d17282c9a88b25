"""Whatever a configuration has become, loading it gives settings or `InvalidConfigurationError`; no secret shows."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lampgate.config.errors import InvalidConfigurationError
from lampgate.config.load import load_settings
from tests.config.configurations import ALPHA, COOKIE_SECRET, FILLED_IN, LEGACY, Loader

#: As long as a cookie secret has to be, and a name as far as letters go.
PLANTED = "pLanted-Secret_vaLue-24b"

SEEDS = (
    FILLED_IN.replace('#clientSecret: "not-here-its-better-to-use-federatedTokenAuth"', f"clientSecret: {PLANTED}")
    .replace("    config:\n", f"    config:\n      cookieSecret: {PLANTED}\n")
    .replace('[ "*" ]\n', f'[ "*" ]\n        cookie_secret = "{PLANTED}"\n'),
    FILLED_IN.replace("      reverse-proxy: true\n", f"      - --cookie-secret={PLANTED}\n").replace(
        '      skip-provider-button: true\n      silence-ping-logging: true\n      cookie-refresh: "15m"\n'
        '      cookie-expire: "12h"\n',
        "      - --cookie-refresh=15m\n",
    ),
    ALPHA.replace("not-so-secret", PLANTED),
    LEGACY.replace("not-so-secret", PLANTED).replace(COOKIE_SECRET, PLANTED),
    f"apiVersion: v1\nkind: Secret\nstringData:\n  cookie-secret: {PLANTED}\n  values.yaml: |\n    config: {{}}\n",
)

lines = st.integers(0, 60)
edits = st.one_of(
    st.tuples(st.just("delete line"), lines, lines),
    st.tuples(st.just("copy line"), lines, lines),
    st.tuples(st.just("replace line"), lines, lines),
    st.tuples(st.just("indent line"), lines, st.integers(0, 14)),
    st.tuples(st.just("delete character"), st.integers(0, 1500), lines),
    st.tuples(st.sampled_from([f"insert {character}" for character in " \t\n\r:-#\"'{}[]|>&*!%@`$,=?\\\0é\u2028"]),
              st.integers(0, 1500), lines),
)  # fmt: skip


def edited(text: str, edit: tuple[str, int, int]) -> str:
    kind, first, second = edit
    rows = text.split("\n")
    row, other = first % len(rows), second % len(rows)
    position = first % (len(text) + 1)
    match kind:
        case "delete line":
            del rows[row]
        case "copy line":
            rows.insert(other, rows[row])
        case "replace line":
            rows[row] = rows[other]
        case "indent line":
            rows[row] = " " * second + rows[row].lstrip()
        case "delete character":
            return text[:position] + text[position + 1 :]
        case _:
            return text[:position] + kind.removeprefix("insert ") + text[position:]
    return "\n".join(rows)


def said_about(path: Path, environ: dict[str, str]) -> str:
    """Everything a person gets to see."""
    try:
        loaded = load_settings([path], environ=environ)
    except InvalidConfigurationError as error:
        return f"{error}\n{error!r}\n{error.errors!r}"
    return "\n".join([*map(str, loaded.notes), *map(str, loaded.places.values()), repr(loaded)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("robustness")


@given(st.sampled_from(SEEDS), st.lists(edits, max_size=4))
@example(SEEDS[1], [("delete character", SEEDS[1].index("=" + PLANTED) - at, 0) for at in (0, 5)])
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_edited_configurations(folder: Path, seed: str, changes: list[tuple[str, int, int]]) -> None:
    path = folder / "edited.conf"
    path.write_bytes(reduce(edited, changes, seed).encode())
    said = said_about(path, Loader(folder).environ)
    assert PLANTED not in said
    assert not [start for start in range(len(PLANTED) - 9) if PLANTED[start : start + 10] in said]


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes(folder: Path, content: bytes) -> None:
    path = folder / "bytes.conf"
    path.write_bytes(content)
    assert said_about(path, {})


@given(st.text(alphabet="ab:-=[]{}&*!|>\"'#%,?\n $<\t\\", max_size=120))
@settings(max_examples=300, deadline=None)
def test_arbitrary_syntax(folder: Path, content: str) -> None:
    path = folder / "syntax.conf"
    path.write_bytes(b"config:\n  configFile: x\n" + content.encode())
    assert said_about(path, {})


@pytest.mark.parametrize("seed", SEEDS, ids=range(len(SEEDS)))
def test_seeds_do_hold_the_secret(seed: str) -> None:
    assert PLANTED in seed


def test_secrets_in_the_environment_do_not_show(loader: Loader) -> None:
    names = ["OAUTH2_PROXY_COOKIE_SECRET", "OAUTH2_PROXY_CLIENT_SECRET", "OAUTH2_PROXY_REDIS_PASSWORD", "KEY"]
    path = loader.folder / "alpha.conf"
    path.write_text(ALPHA.replace("not-so-secret", "a: ${KEY}").replace("scope: ", "$KEY: "))
    assert "hunter2hunter2" not in said_about(path, dict.fromkeys(names, "hunter2hunter2: ["))
