"""People with a password of a file: ``htpasswd-file`` and its kin."""

from __future__ import annotations

from pathlib import Path

from lampgate.config.errors import InvalidValueError, UnreadableConfigError
from lampgate.config.htpasswd import is_weak, read_htpasswd
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.resolution import Options
from lampgate.config.settings import PasswordSettings, Place


def password_settings(options: Options, draft: Draft) -> PasswordSettings | None:
    """The settings; None where there is no such file, or it cannot be used, which has been reported."""
    file = options.written("htpasswd-file", str)
    groups = options.written("htpasswd-user-group", tuple)
    if file is None or not file.value:
        if groups is not None and groups.value:
            draft.findings.note(
                "config.no-effect", "htpasswd-user-group has no effect without htpasswd-file", groups.place
            )
        return None
    draft.keep("passwords.file", file)
    draft.keep("passwords.groups", groups)
    draft.keep("passwords.form", options.written("display-htpasswd-form", bool))
    path = Path(file.value)
    if not judge_htpasswd(path, file.place, draft):
        return None
    return PasswordSettings(
        file=path,
        names_are_addresses=options.value("prefer-email-to-user", bool),
        groups=tuple(group for group in groups.value if group) if groups is not None else (),
        form=options.value("display-htpasswd-form", bool),
    )


def judge_htpasswd(path: Path, place: Place, draft: Draft) -> bool:
    """Whether a file of passwords can be used; what is wrong or weak is reported."""
    remedy = "Make it with: htpasswd -B -C 10 FILE NAME"
    try:
        hashes = read_htpasswd(draft.read_text(path))
    except OSError as error:
        draft.findings.error(
            UnreadableConfigError,
            "The file of passwords cannot be read",
            place=place,
            cause=error.strerror or "",
            remedy="Check that the volume is mounted and that this process may read the file",
        )
        return False
    except ValueError as error:
        draft.findings.error(
            InvalidValueError, "The file of passwords cannot be used", place=place, cause=str(error), remedy=remedy
        )
        return False
    if any(is_weak(hashed) for hashed in hashes.values()):
        draft.findings.note(
            "config.weak-password-hashes",
            "Some passwords are kept as {SHA}: whoever sees the file can try out millions of them in a second. Make "
            "them anew with htpasswd -B",
            place,
        )
    return True
