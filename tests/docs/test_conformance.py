"""docs/conformance.md and the tests name the same modules."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: The Basic, Config, Refresh and Logout plans for relying parties.
MODULES = """
 -invalid-iss -missing-sub -invalid-aud -missing-iat -kid-absent-single-jwks -kid-absent-multiple-jwks
 -idtoken-sig-rs256 -idtoken-sig-none -invalid-sig-rs256 -userinfo-invalid-sub -nonce-invalid -scope-userinfo-claims
 -client-secret-basic -discovery-openid-config -discovery-jwks-uri-keys -discovery-issuer-mismatch
 -signing-key-rotation-just-before-signing -signing-key-rotation -refresh-token -refresh-token-invalid-issuer
 -refresh-token-invalid-sub -session-management -rp-init-logout -rp-init-logout-other-state -rp-init-logout-no-state
 -rp-frontchannel-rpinitlogout -rp-frontchannel-opinitlogout -rp-backchannel-rpinitlogout
 -rp-backchannel-rpinitlogout-alg-none -rp-backchannel-rpinitlogout-no-event -rp-backchannel-rpinitlogout-with-nonce
 -rp-backchannel-rpinitlogout-wrong-alg -rp-backchannel-rpinitlogout-wrong-aud
 -rp-backchannel-rpinitlogout-wrong-event -rp-backchannel-rpinitlogout-wrong-iss
"""


def test_every_module_is_in_the_table_and_has_a_test() -> None:
    page = (ROOT / "docs" / "conformance.md").read_text("utf-8")
    applicable, _, not_applicable = page.partition("Not applicable")
    modules = set(MODULES.split())
    named = set(re.findall(r"`(-[a-z0-9-]+)`", applicable))
    without = set(re.findall(r"`(-[a-z0-9-]+)`", not_applicable))
    assert named | without == modules
    assert not named & without
    sources = "\n".join(
        file.read_text("utf-8")
        for folder in ("identity", "portal")
        for file in (ROOT / "tests" / folder).glob("*.py")
    )
    for module in named:
        full = f"oidcc-client-test{module}"
        assert full in sources or f"def test_{full.replace('-', '_')}(" in sources, full
