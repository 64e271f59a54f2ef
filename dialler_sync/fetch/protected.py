"""Passwords of protected sources, and workbooks that one protects."""

from __future__ import annotations

import os
from pathlib import Path

from ..config import SourceSettings
from ..errors import InputError
from ..files.own_command import read_secret
from ..files.private import new_file
from ..text.phrase import phrase
from .copies import Copy

NAME = "source.password_command"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_password(source: SourceSettings) -> str | None:
    """Return the password of the sources; None if the configuration names none.

    Raises:
        ConfigError: the command fails, or prints nothing.
    """
    return None if source.password_command is None else read_secret(source.password_command, NAME)


def opened_workbook(path: Path, source: SourceSettings) -> Copy | None:
    """Return a copy of a workbook without its password; None if it has none, or is none.

    Raises:
        InputError: the password is another one, or the workbook is protected in a way that is not known.
    """
    import msoffcrypto
    from msoffcrypto.exceptions import InvalidKeyError

    with path.open("rb") as file:
        try:
            workbook = msoffcrypto.OfficeFile(file)
            if not workbook.is_encrypted():
                return None
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - it is no workbook, or a damaged one: its reader says so
            return None
        password, copy = read_password(source), Copy()
        try:
            workbook.load_key(password=password, verify_password=True)
            with os.fdopen(new_file(copy.path), "wb") as plain:
                workbook.decrypt(plain)
        except InvalidKeyError:
            raise InputError(phrase("what {name} prints is not its password.", name=NAME)) from None
        except MemoryError:
            raise
        except Exception as error:
            raise InputError(
                phrase("cannot be opened with its password ({error}). Save it without one.", error=error)
            ) from error
    return copy
