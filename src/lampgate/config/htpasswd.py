"""The file of Apache's htpasswd: a name, a colon and a password's hash on each line. Pure.

bcrypt (``htpasswd -B``) and, as oauth2-proxy takes it too, ``{SHA}``, which is unsalted SHA-1 and weak.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

#: bcrypt's cost doubles the time with each step; 16 is seconds already.
_BCRYPT = re.compile(r"\$2[abxy]\$(?:0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}", re.ASCII)
_SHA = re.compile(r"\{SHA\}[A-Za-z0-9+/]{27}=", re.ASCII)
#: What can be told in a log and in a header.
_NAME = re.compile(r"[^\x00-\x1f\x7f:]{1,255}")


def read_htpasswd(text: str) -> Mapping[str, str]:
    """The hashes by name; of a name given twice the first counts, as with Apache. Empty lines and ``#`` lines do not.

    :raises ValueError: a line is none of a kind that can be checked; the message names the line and shows nothing
        of it.
    """
    hashes: dict[str, str] = {}
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, separator, hashed = line.strip().partition(":")
        if not separator or not _NAME.fullmatch(name):
            raise ValueError(f"line {number} is not a name, a colon and a hash")
        if not _BCRYPT.fullmatch(hashed) and not is_weak(hashed):
            raise ValueError(f"line {number} has a hash that is neither bcrypt of a cost up to 16 nor {{SHA}}")
        hashes.setdefault(name, hashed)
    return hashes


def is_weak(hashed: str) -> bool:
    """Whether a hash can be tried out millions of times a second."""
    return _SHA.fullmatch(hashed) is not None
