"""The file of passwords, and what a configuration says about it."""

from __future__ import annotations

import pytest

from lampgate.config.errors import InvalidValueError, UnreadableConfigError
from lampgate.config.htpasswd import read_htpasswd
from tests.config.configurations import LEGACY, Loader, codes

#: Of the password “open sesame”.
BCRYPT = "$2b$04$rDqkeTSkZnDPqz2pm/VL.uK6RZ5bQ8xrH9vRa0EoMvJdTnXzDpGXC"
SHA = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="


def test_lines_that_count() -> None:
    text = f"\ufeff# comment\n\nrita:{BCRYPT}\r\nbot:{SHA}\nrita:{SHA}\n"
    assert read_htpasswd(text) == {"rita": BCRYPT, "bot": SHA}


@pytest.mark.parametrize(
    "line",
    [
        "rita",
        "rita:hunter2",
        ":" + BCRYPT,
        "rita:$apr1$hunter2$hunter2hunter2hunter2",
        f"rita:{BCRYPT}:x",
        f"rita:{BCRYPT[:-1]}",
        "rita:$2b$31$" + BCRYPT[7:],
        f"ri\x07ta:{BCRYPT}",
        "x" * 256 + f":{BCRYPT}",
    ],
)
def test_lines_that_cannot_be_checked(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 ") as caught:
        read_htpasswd(f"bot:{SHA}\n{line}\n")
    assert "hunter2" not in str(caught.value)
    assert "rita" not in str(caught.value)


def test_it_admits_without_any_domain(loader: Loader) -> None:
    file = loader.folder / "users"
    file.write_text(f"rita:{BCRYPT}\n")
    text = "\n".join(line for line in LEGACY.splitlines() if "email_domains" not in line)
    assert loader.error(text).code == "config.missing-setting"
    loaded = loader.load(f"{text}\nhtpasswd_file = '{file}'\nhtpasswd_user_groups = ['sre', '']\n")
    passwords = loaded.settings.passwords
    assert passwords is not None
    assert (passwords.file, passwords.groups, passwords.form) == (file, ("sre",), True)
    assert loaded.settings.allow.email_domains == ()
    assert codes(loaded) == []


def test_weak_hashes_are_noted(loader: Loader) -> None:
    file = loader.folder / "users"
    file.write_text(f"rita:{BCRYPT}\nbot:{SHA}\n")
    assert codes(loader.load(f"{LEGACY}htpasswd_file = '{file}'\n")) == ["config.weak-password-hashes"]


def test_a_file_that_cannot_be_used(loader: Loader) -> None:
    file = loader.folder / "users"
    assert isinstance(loader.error(f"{LEGACY}htpasswd_file = '{file}'\n"), UnreadableConfigError)
    file.write_text("rita:hunter2\n")
    error = loader.error(f"{LEGACY}htpasswd_file = '{file}'\n")
    assert isinstance(error, InvalidValueError)
    assert "line 1 " in error.cause
    assert "hunter2" not in f"{error}{error!r}"


def test_groups_without_a_file(loader: Loader) -> None:
    assert codes(loader.load(f"htpasswd_user_groups = ['sre']\n{LEGACY}")) == ["config.no-effect"]
