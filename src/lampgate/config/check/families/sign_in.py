"""Signing in: who may, and what protects the way to the provider and back."""

from __future__ import annotations

from collections.abc import Iterator

from lampgate.config.check.finding import Family, Finding, Rule, Severity
from lampgate.config.check.subject import Subject
from lampgate.config.nodes import Scalar

EVERYBODY = Rule(
    "check.everybody-admitted", Severity.ERROR, "Everybody with any account may sign in",
    "Every e-mail domain is admitted, and the issuer is not limited to one tenant: people of every organisation and "
    "private accounts get a session",
    "Name your tenant in the issuer's URL, or list the e-mail domains that are admitted",
)  # fmt: skip
NONCE_OFF = Rule(
    "check.nonce-off", Severity.WARNING, "The nonce of ID tokens is not checked",
    "Without it an ID token that somebody has got hold of can be used for another sign-in. oauth2-proxy does not "
    "check it unless told to; lampgate always does",
    "Set insecureSkipNonce (insecure_oidc_skip_nonce) to false",
)  # fmt: skip
PKCE_OFF = Rule(
    "check.pkce-off", Severity.WARNING, "PKCE is not used",
    "Without it a stolen authorization code can be redeemed by somebody else (RFC 9700 section 2.1.1). oauth2-proxy "
    "does not use it unless told to; lampgate always does",
    "Set code_challenge_method to S256",
)  # fmt: skip
ISSUER_UNVERIFIED = Rule(
    "check.issuer-not-verified", Severity.ERROR, "The issuer of ID tokens is not verified",
    "Tokens of another tenant of the same provider would be taken for yours",
    "Remove insecureSkipIssuerVerification, and write the issuer as the provider's metadata have it",
)  # fmt: skip
UNVERIFIED_EMAIL = Rule(
    "check.unverified-email", Severity.WARNING, "E-mail addresses that nobody has verified decide who may pass",
    "In Entra an administrator of any tenant can write any address into an account; with a rule about e-mail domains "
    "such an address opens the door",
    "Check verified addresses only, or decide by group or tenant instead of by e-mail domain",
)  # fmt: skip
CLIENT_SECRET = Rule(
    "check.secret-in-plain-text", Severity.WARNING, "A secret stands in the configuration in plain text",
    "Whoever reads the file, its repository or the ConfigMap has it; a client secret also has to be rotated by hand",
    "Use workload identity (no client secret at all), or take it from a Kubernetes Secret: a variable, or a file",
)  # fmt: skip


def everybody(subject: Subject) -> Iterator[Finding]:
    """Whether anybody at all may come in."""
    admitted = subject.email_domains
    if admitted is None or "*" not in admitted[0] or subject.provider is None:
        return
    if subject.is_tenantless and not subject.provider.allowed_tenants:
        yield Finding(EVERYBODY, admitted[1])


def protections(subject: Subject) -> Iterator[Finding]:
    """What oauth2-proxy leaves off."""
    if not subject.is_oauth2_proxy or subject.provider is None:
        return
    challenge = subject.provider.code_challenge_method
    if challenge is None or challenge.value.upper() != "S256":
        yield Finding(PKCE_OFF, challenge.place if challenge is not None else subject.provider.section.place)
    entries = subject.alpha_entries("insecureSkipNonce")
    if subject.alpha is not None:
        on = [entry for entry in entries if not (isinstance(entry.value, Scalar) and entry.value.value is False)]
        if on or not entries:
            yield Finding(NONCE_OFF, on[0].place if on else subject.provider.section.place)
    elif subject.is_off("insecure-oidc-skip-nonce") is None:
        yield Finding(NONCE_OFF, subject.is_on("insecure-oidc-skip-nonce") or subject.place)
    for entry in subject.alpha_entries("insecureSkipIssuerVerification"):
        if isinstance(entry.value, Scalar) and entry.value.value is True:
            yield Finding(ISSUER_UNVERIFIED, entry.place)
    place = subject.is_on("insecure-oidc-skip-issuer-verification")
    if place is not None:
        yield Finding(ISSUER_UNVERIFIED, place)


def unverified(subject: Subject) -> Iterator[Finding]:
    """Whether an unverified address decides."""
    written = subject.provider.allow_unverified_email if subject.provider is not None else None
    admitted = subject.email_domains
    if written is not None and written.value and admitted is not None and "*" not in admitted[0]:
        yield Finding(UNVERIFIED_EMAIL, written.place)


def plain_secrets(subject: Subject) -> Iterator[Finding]:
    """Secrets that everybody with the file has."""
    for what, place in subject.plain_secrets:
        yield Finding(CLIENT_SECRET, place, f"{what} stands in the configuration in plain text")


FAMILY = Family(
    "Signing in",
    (EVERYBODY, NONCE_OFF, PKCE_OFF, ISSUER_UNVERIFIED, UNVERIFIED_EMAIL, CLIENT_SECRET),
    (everybody, protections, unverified, plain_secrets),
)
