"""Reads the parameters of a request: a query string or a form body.

No parameter may occur twice (RFC 6749 sections 3.1 and 3.2).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from lampgate.lab.entra.errors import EntraError

FORM: Final = "application/x-www-form-urlencoded"
_MAX_BODY: Final = 256 * 1024
_MAX_PARAMETERS: Final = 100


def read_parameters(text: str) -> dict[str, str]:
    """Parameters by name.

    :raises EntraError: 9002313.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS, errors="strict")
    except ValueError as error:
        raise EntraError(9002313) from error
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise EntraError(9002313)
    return parameters


async def read_form(request: Request) -> dict[str, str]:
    """The parameters of a form body.

    :raises EntraError: 9002313: it is none, or far too long.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise EntraError(9002313)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise EntraError(9002313)
    try:
        return read_parameters(body.decode())
    except UnicodeDecodeError as error:
        raise EntraError(9002313) from error
