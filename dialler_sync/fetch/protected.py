"""Passwords of protected sources, and workbooks that one protects."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from ..config import SourceSettings
from ..errors import InputError
from ..files.own_command import read_secret
from ..files.private import new_file
from ..text.phrase import phrase
from .copies import Copy
from .limits import declares_entities

NAME = "source.password_command"
_LONGEST_DESCRIPTION = 1 << 16
"""Most bytes that say how a workbook is encrypted; Excel writes about one thousand. They are XML, whose elements take
hundreds of times as much memory."""
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
        described = False
        try:
            described = _is_described(file)
            workbook = msoffcrypto.OfficeFile(file)
            if not workbook.is_encrypted():
                return None
        except (InputError, MemoryError):
            raise
        except Exception as error:
            if described:
                raise _unknown(error) from error
            return None  # not a workbook, or a damaged one: its reader says so
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
            raise _unknown(error) from error
    return copy


def _unknown(error: Exception) -> InputError:
    return InputError(phrase("cannot be opened with its password ({error}). Save it without one.", error=error))


def _is_described(file: BinaryIO) -> bool:
    """Whether a file says how it is encrypted, as an ``.xlsx`` with a password does.

    Raises:
        InputError: it says more than any workbook does.
        Exception: it is damaged.
    """
    import olefile

    whole = olefile.OleFileIO(file)
    if not whole.exists(_DESCRIPTION):
        return False
    if whole.get_size(_DESCRIPTION) > _LONGEST_DESCRIPTION or declares_entities(whole.openstream(_DESCRIPTION).read()):
        raise InputError(phrase("is made to do harm: how it is encrypted takes more room than in any workbook."))
    return True


_DESCRIPTION = "EncryptionInfo"
