"""The root of every error a person may get to see.

An error has a stable ``code`` (for searching and for alerts), one sentence that says what is wrong, the
``remedy`` (what to do about it) and, where known, the ``cause`` (what the other side said) and the ``place``
(file and key). Whoever shows an error shows these fields and nothing else: no traceback, no token, no secret.
"""

from __future__ import annotations

from typing import ClassVar


class LampgateError(Exception):
    """Something a person has to know about.

    :param sentence: what is wrong, in one sentence, for the person who has to act.
    :param remedy: what to do about it.
    :param cause: what led to it, as told by the other side (an errno, an AADSTS text); may be empty.
    :param place: where to look, e.g. ``configmap.yaml line 31, providers[0].clientID``; may be empty.
    """

    code: ClassVar[str] = "lampgate.error"

    def __init__(self, sentence: str, *, remedy: str = "", cause: str = "", place: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy
        self.cause = cause
        self.place = place

    def __str__(self) -> str:
        """All fields on one line, as the log shows them."""
        parts = [f"{self.place}: {self.sentence}" if self.place else self.sentence]
        if self.cause:
            parts.append(f"Cause: {self.cause}")
        if self.remedy:
            parts.append(self.remedy)
        return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)
