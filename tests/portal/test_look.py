"""What an operator may change about every page: the words at the bottom, and the mark at the top."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from lampgate.config.settings import PortalSettings
from lampgate.policy.problem import Problem, Wants
from lampgate.portal.look import OWN_LOOK, look_of
from lampgate.portal.problems import render
from tests.config.configurations import LEGACY, Loader, codes
from tests.portal.conversation import Stage

PROBLEM = Problem(400, "code", "Title", "Sentence.")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def page(settings: PortalSettings) -> str:
    return render(PROBLEM, Wants.PAGE, look=look_of(settings)).body.decode()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (SVG, "image/svg+xml"),
    ],
)
def test_a_picture_in_the_place_of_the_mark(tmp_path: Path, content: bytes, kind: str) -> None:
    file = tmp_path / "logo"
    file.write_bytes(content)
    drawn = page(PortalSettings(logo_file=file))
    assert f'<img src="data:{kind};base64,{base64.b64encode(content).decode()}"' in drawn
    assert "<svg" not in drawn
    assert "<script" not in drawn


@pytest.mark.parametrize("content", [None, b"", b"<html>", b"MZ\x90", PNG + b"\0" * 200_000])
def test_what_is_no_picture_leaves_the_mark(
    tmp_path: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "logo"
    if content is not None:
        file.write_bytes(content)
    drawn = page(PortalSettings(logo_file=file))
    assert "<svg" in drawn
    assert "<img" not in drawn
    assert len(caplog.records) == 1


def test_no_mark_and_other_words() -> None:
    drawn = page(PortalSettings(logo="none", footer="Ask <b>us</b>"))
    assert "<svg" not in drawn
    assert "<img" not in drawn
    assert "<footer>Ask &lt;b&gt;us&lt;/b&gt;</footer>" in drawn
    assert "<footer>lampgate</footer>" in render(PROBLEM, Wants.PAGE).body.decode()
    assert look_of(PortalSettings()) == OWN_LOOK


async def test_on_every_page() -> None:
    settings = PortalSettings(footer="Ask us", skip_sign_in_page=False)
    stage = Stage(changes={"portal": settings})
    await stage.ready()
    paths = ("/oauth2/sign_in", "/oauth2/signed_out", "/oauth2/none", "/oauth2/callback")
    pages = [await stage.get(path) for path in paths]
    await stage.sign_in()
    pages += [await stage.get("/oauth2/"), await stage.get("/oauth2/sign_out", {"sec-fetch-site": "cross-site"})]
    for answer in pages:
        assert "<footer>Ask us</footer>" in answer.text, answer.url


@pytest.mark.parametrize(
    ("value", "logo", "file", "notes"),
    [
        ("-", "none", None, []),
        ("", "lampgate", None, []),
        ("/logo.svg", "lampgate", Path("/logo.svg"), []),
        ("https://company.com/logo.png", "lampgate", None, ["config.no-effect"]),
    ],
)
def test_custom_sign_in_logo(loader: Loader, value: str, logo: str, file: Path | None, notes: list[str]) -> None:
    loaded = loader.load(f'custom_sign_in_logo = "{value}"\n{LEGACY}')
    assert (loaded.settings.portal.logo, loaded.settings.portal.logo_file) == (logo, file)
    assert codes(loaded) == notes


@pytest.fixture
def loader(tmp_path: Path) -> Loader:
    return Loader(tmp_path)
