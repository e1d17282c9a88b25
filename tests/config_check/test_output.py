"""What ``lampgate check`` prints, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lampgate.cli.main import app
from lampgate.config.check.page import page
from lampgate.config.check.registry import FAMILIES, RULES
from tests.config.configurations import FILLED_IN, Loader
from tests.config_native.native_files import SMALLEST

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"NO_COLOR": "1"}


@pytest.fixture
def scenario(loader: Loader) -> str:
    path = loader.folder / "values.yaml"
    path.write_text(FILLED_IN, "utf-8")
    return str(path)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *arguments], env=ENVIRONMENT)
    return result.exit_code, result.stdout


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs/findings.md").read_text(encoding="utf-8") == page(), "run: make docs"


def test_codes_are_given_once() -> None:
    assert sum(len(family.rules) for family in FAMILIES) == len(RULES)


@pytest.mark.parametrize(("threshold", "status"), [("error", 0), ("warning", 1), ("never", 0)])
def test_the_exit_status_follows_the_threshold(scenario: str, threshold: str, status: int) -> None:
    assert run(scenario, "--fail-on", threshold)[0] == status


def test_a_file_that_cannot_be_opened_and_a_wrong_option_are_2(tmp_path: Path, scenario: str) -> None:
    assert run(str(tmp_path / "none"))[0] == 2
    assert run(scenario, "--format", "xml")[0] == 2


def test_text_says_why_and_what_to_do(scenario: str) -> None:
    _, text = run(scenario)
    assert f"{scenario} line 24, alphaConfig.configData.providers[0].scope" in text
    assert "Why: The provider issues no refresh token" in text
    assert "Fix: Add offline_access to the scopes." in text
    assert text.rstrip().splitlines()[-1] == "4 warnings, 2 notes"
    assert "\x1b" not in text


def test_json_is_for_programs(scenario: str) -> None:
    findings = json.loads(run(scenario, "--format", "json")[1])["findings"]
    (one,) = [each for each in findings if each["code"] == "check.no-offline-access"]
    assert (one["severity"], one["file"], one["line"]) == ("warning", scenario, 24)


def test_sarif_has_the_structure_of_2_1_0(loader: Loader, scenario: str) -> None:
    path = loader.folder / "a b.yaml"
    path.write_text(SMALLEST.replace("client_id", "client_ib"), "utf-8")
    log = json.loads(run(str(path), "--format", "sarif")[1])
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    (one,) = log["runs"]
    rules = one["tool"]["driver"]["rules"]
    assert all(rule["shortDescription"]["text"] and rule["fullDescription"]["text"] for rule in rules)
    assert one["results"]
    for result in one["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
    physical = one["results"][0]["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"].endswith("/a%20b.yaml")
    assert physical["region"] == {"startLine": 4, "startColumn": 1}
