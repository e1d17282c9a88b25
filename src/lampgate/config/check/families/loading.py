"""What loading itself says: its errors, and its notes where no other check says the same."""

from __future__ import annotations

from lampgate.config.check.finding import Family, Rule, Severity

WHY_ERROR = "lampgate does not start with it"
WHY_NOTE = "lampgate says so at start"

_ERRORS = {
    "config.unreadable": "A file cannot be read, or is not what it should be",
    "config.unknown-setting": "A key is not known",
    "config.unsupported-setting": "A setting is not supported by lampgate",
    "config.missing-setting": "Something is missing",
    "config.invalid-value": "A value cannot be used",
    "config.placeholder-left": "A documentation placeholder was never replaced",
    "config.public-secret": "The cookie secret is one that everybody knows",
}
_NOTES = {
    "config.alpha-not-enabled": "An alpha configuration is not enabled",
    "config.chart-default": "A default of the chart counts",
    "config.cookie-name-prefix": "The prefix of the cookie's name is left out",
    "config.default-listen": "A default says where to listen",
    "config.deployment-values": "Values about the deployment are left to Helm",
    "config.environment-elsewhere": "A part of the environment is defined elsewhere",
    "config.environment-ignored": "A variable is not read beside an alpha configuration",
    "config.everybody-admitted": "Everybody whom the provider signs in is admitted",
    "config.federated-token-unused": "The federated token is not used",
    "config.no-cookie-secret": "There is no cookie secret",
    "config.no-effect": "A setting has no effect",
    "config.overridden": "A value does not count, because another one goes first",
    "config.several-resources": "The scopes name several resources",
    "config.trusted-proxies-unused": "The list of proxies has no effect",
    "config.variable-not-set": "A variable is not set",
}
#: Notes of which another check says more.
COVERED = frozenset(
    {
        "config.id-token-injected", "config.no-offline-access", "config.reverse-proxy-trusts-nobody",
        "config.upstream-not-verified",
    }
)  # fmt: skip

_RULES = (
    *(Rule(code, Severity.ERROR, title, WHY_ERROR, "") for code, title in _ERRORS.items()),
    *(Rule(code, Severity.NOTE, title, WHY_NOTE, "") for code, title in _NOTES.items()),
)

FAMILY = Family("Loading", _RULES, ())
