"""Where a running lab can be found by other commands: a small file in a folder only this user can read."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import ClassVar

from lampgate.errors import LampgateError


class NoLabError(LampgateError):
    """No lab is running, or the one that was is gone."""

    code: ClassVar[str] = "lab.none"


def _folder() -> Path:
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    folder = Path(base) / f"lampgate-lab-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.stat(follow_symlinks=False)
    if status.st_uid != os.getuid() or status.st_mode & 0o077 or folder.is_symlink():
        raise NoLabError(
            f"The folder {folder} can be written to by somebody else", remedy="Remove it and start the lab again"
        )
    return folder


def announce(entra_url: str) -> Path:
    """Note that a lab is running in this process. Remove the file when it ends."""
    path = _folder() / f"{os.getpid()}.json"
    path.write_text(json.dumps({"entra": entra_url}), encoding="utf-8")
    return path


def running_entra_url() -> str:
    """The address of the Entra of the lab that was started last.

    :raises NoLabError: nothing is running.
    """
    announced = sorted(_folder().glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in announced:
        if _is_running(int(path.stem)):
            url: str = json.loads(path.read_text(encoding="utf-8"))["entra"]
            return url
        path.unlink(missing_ok=True)
    raise NoLabError("No lab is running", remedy="Start one in another terminal with: lampgate lab")


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
