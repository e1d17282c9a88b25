from __future__ import annotations

from base64 import b64encode

import pytest

from lampgate.wire.basic import basic_credentials


def header(text: str | bytes, scheme: bytes = b"Basic ") -> bytes:
    return scheme + b64encode(text.encode() if isinstance(text, str) else text)


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (header("rita:open"), ("rita", "open")),
        (header("rita:o:p:en", b"bAsIc  "), ("rita", "o:p:en")),
        (header("rita:"), ("rita", "")),
        (header(":open"), ("", "open")),
        (header("rïta:öffne"), ("rïta", "öffne")),
        (header("rita"), None),
        (header("rita:o\x00pen"), None),
        (header("rita:o\r\npen"), None),
        (header("rï:x".encode("latin-1")), None),
        (header("rita:open", b"Basic"), None),
        (header("rita:open", b"Bearer "), None),
        (header("rita:open") + b"!", None),
        (b"Basic ", None),
        (b"", None),
        (header("rita:" + "x" * 60_000), None),
    ],
)
def test_credentials(authorization: bytes, expected: tuple[str, str] | None) -> None:
    assert basic_credentials(authorization) == expected
