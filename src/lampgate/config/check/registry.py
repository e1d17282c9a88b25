"""All families and rules."""

from __future__ import annotations

from collections.abc import Mapping

from lampgate.config.check.families import cookies, dashboard, exposure, loading, sign_in, tokens
from lampgate.config.check.finding import Family, Rule, Severity

FAMILIES: tuple[Family, ...] = (
    tokens.FAMILY,
    sign_in.FAMILY,
    cookies.FAMILY,
    exposure.FAMILY,
    dashboard.FAMILY,
    loading.FAMILY,
)
RULES: Mapping[str, Rule] = {rule.code: rule for family in FAMILIES for rule in family.rules}


def rule_of(code: str, severity: Severity) -> Rule:
    """The rule of a code; for one that only loading knows, a rule that says no more than that."""
    why = loading.WHY_ERROR if severity is Severity.ERROR else loading.WHY_NOTE
    return RULES.get(code) or Rule(code, severity, "Said when the configuration is loaded", why, "")
