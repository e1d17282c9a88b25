"""``lampgate convert``: write the native file that means the same as a configuration of oauth2-proxy."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from lampgate.config.load import load_settings
from lampgate.config.native.secret_origins import SecretOrigins
from lampgate.config.native.writing import Writer
from lampgate.config.oauth2_proxy.conversion.client_authentication import FEDERATED_TOKEN_FILE
from lampgate.config.offline import OfflineWorld
from lampgate.errors import LampgateError


class ConversionError(LampgateError):
    """The configuration cannot be converted here."""

    code: ClassVar[str] = "convert.impossible"


def run_convert(files: Sequence[Path], *, output: Path | None) -> None:
    """Print the native file, or write it to ``output``, which must not exist yet.

    :raises LampgateError: the configuration is wrong, or the file cannot be written.
    """
    text = convert(files, os.environ)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConversionError(
            "The file to write to exists already", place=str(output), remedy="Name another one, or remove it first"
        ) from None
    except OSError as error:
        raise ConversionError(
            "The file cannot be written", place=str(output), cause=error.strerror or "", remedy="Check the folder"
        ) from None


def convert(files: Sequence[Path], environ: Mapping[str, str]) -> str:
    """The native file.

    :raises LampgateError: the configuration is wrong, or needs a variable that is not set here.
    """
    world = OfflineWorld(files, environ)
    loaded = load_settings(files, environ=world.environ, read_text=world.read_text)
    origins = SecretOrigins(world.environ, world.texts)
    text = Writer(loaded, origins, world.environ[FEDERATED_TOKEN_FILE]).text()
    for stand_in, name in world.stand_ins.items():
        if stand_in in text:
            raise ConversionError(
                f"The variable {name} is not set, and what it holds belongs into the file",
                remedy="Set it for this command to what the gateway gets",
            )
    return text
