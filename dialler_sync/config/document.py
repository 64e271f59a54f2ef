"""YAML → plain values that remember where they stand.

Every scalar stays the text that the user wrote: YAML would read ``01099`` as the number 577, ``NO`` as false and
``1_000`` as 1000. The settings, not the file, decide on types.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

from ..errors import ConfigError
from ..files.small import read_small
from ..text.outward import keep_logins, keep_secret
from ..text.phrase import mark, phrase
from ..text.secrets import url_secrets
from .unfinished import unfinished_lines

Plain = str | None | list["Plain"] | dict[str, "Plain"]
KeyPath = tuple[str | int, ...]

_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>[^}]*)\})")
_SECRET_KEY = re.compile(r"(^|_)(token|password|secret|webhook|teams|ping|credentials?)$|^pass$", re.IGNORECASE)
_SECRET_VARIABLE = re.compile(
    r"(?!.*_(FILE|PATH|DIR|DIRECTORY|COMMAND)$).*(TOKEN|PASS|SECRET|WEBHOOK|CREDENTIAL|(API|ACCESS|AUTH|PRIVATE)_?KEY)",
    re.IGNORECASE,
)
"""Names of secret variables. A path, as systemd's CREDENTIALS_DIRECTORY, or a command, has another name."""
_QUOTED = re.compile(r" '[^'<][^']+'")
"""A name that PyYAML quotes: of an alias, an anchor or a tag, which may be a secret without its quotes."""

_FAULTS = {
    "unexpected end of stream": mark("the quote that begins here is not closed"),
    "but got '{'": mark('inside { }, put a variable in quotes: "${NAME}"'),
    "expected ',' or": mark("the bracket that begins here is not closed, or a comma is missing in it"),
    "could not find expected ':'": mark("a colon is missing after the key"),
    "mapping values": mark("a colon too many, or the line is indented too far; put a text with a colon in quotes"),
    "but found '<scalar>'": mark(
        "text after a closing quote: a quote is missing, or one inside the text is not doubled"
    ),
    "but found '<block mapping start>'": mark("the line is indented differently from the others of its section"),
    "but found another document": mark("a second document begins here: remove the --- above it"),
    "character '\\t'": mark("a tab: indent with spaces"),
    "cannot start any token": mark("put a text that begins with a sign in quotes"),
    "unknown escape": mark("a backslash in double quotes begins an escape: use single quotes"),
    "undefined alias": mark("put a text that begins with * in quotes"),
    "alphabetic or numeric": mark("put a text that begins with & or * in quotes"),
}
"""Part of what PyYAML says → what is probably wrong."""

_BEGAN = re.compile("unexpected end of stream|expected ',' or|could not find")
"""Of these, the fault is where the quote, bracket or key begins."""

_WORD_OF_NAME = re.compile(r"[A-Za-z]{0,20}\d{0,4}[A-Za-z]{0,20}")
"""A word of a variable's name; a token, which may stand in its place, has letters and digits by turns."""

_WEB_ADDRESS = re.compile(r"https?://([^/?#]*@)?(?P<host>[^/?#]*)[/?#]?", re.IGNORECASE)
_DRAWN = 12
"""Fewest characters of a name in a host that may be a secret: ``https://eo3kz8q7x1pd2.example``."""

_SECRET_PART = 16
"""Fewest characters of a part of a URL that may be a secret, as the path of a webhook."""

_NULLS = {"", "~", "null", "Null", "NULL"}
_DEEPEST = 30
_MOST_BYTES = 2**20
"""Largest configuration, in bytes."""

_MOST_CHARS = 2**22
"""Most characters of all values, with every alias (``*name``) expanded: aliases of aliases multiply."""

_CHARS_A_NODE = 16
"""Characters added for each value beside its text."""


class Place(NamedTuple):
    """A line of a file."""

    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file, with those that it extends: its values, the place of every key, and remarks on keys whose variable
    is not set.

    ``files``: this file, then what it extends; ``unfinished``: of each, the lines that are still marked ``# CHANGE``.
    """

    path: Path
    values: dict[str, Plain]
    places: Mapping[KeyPath, Place]
    unset: Mapping[KeyPath, str]
    files: tuple[Path, ...]
    unfinished: Mapping[Path, Sequence[int]]

    def where(self, key: KeyPath) -> str:
        """Return ``file:line`` of the nearest enclosing key that a file has."""
        while key and key not in self.places:
            key = key[:-1]
        path, line = self.places.get(key, (self.path, 1))
        return f"{path}:{line}"


def read_document(path: Path, environment: Mapping[str, str] = os.environ, named_at: str = "") -> Document:
    """Read one YAML file and expand ``${VARIABLE}`` (``$$`` is a dollar sign); an unset variable is empty.

    ``named_at`` is the place in another file that names this one.

    Raises:
        ConfigError: not readable, not YAML, not a mapping, or a key twice.
    """
    try:
        text = read_small(path, _MOST_BYTES)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        unfinished = unfinished_lines(text)
    except FileNotFoundError:
        if named_at:
            raise ConfigError(
                phrase(
                    "{named_at}: extends: {path}: no such file. The path is relative to the folder of the file "
                    "that names it.",
                    named_at=named_at,
                    path=path,
                )
            ) from None
        if str(path) == "-":
            raise ConfigError(
                phrase("-: to read the configuration from a pipe, name /dev/stdin: … | dialler-sync -c /dev/stdin …")
            ) from None
        raise ConfigError(
            phrase(
                "{path}: no such configuration file. Name one with -c, or create one with 'dialler-sync init FILE'.",
                path=path,
            )
        ) from None
    except OSError as error:
        raise ConfigError(phrase("{path}: cannot be read: {why}.", path=path, why=error.strerror)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            phrase("{path}: not UTF-8 text (byte {start}). Save it as UTF-8.", path=path, start=error.start)
        ) from error
    except yaml.YAMLError as error:
        line, why = _fault(error)
        place = f"{path}:{line}" if line else path
        raise ConfigError(phrase("{place}: not valid YAML: {why}.", place=place, why=why)) from error
    except RecursionError:
        raise ConfigError(phrase("{path}: nested too deeply.", path=path)) from None
    except (ValueError, OverflowError):  # faults of PyYAML, such as on a \U beyond the last character
        raise ConfigError(
            phrase("{path}: not valid YAML: it contains a character or a YAML version that does not exist.", path=path)
        ) from None
    reader = _Reader(path, environment)
    values = {} if root is None else reader.plain(root, ())
    if not isinstance(values, dict):
        raise ConfigError(
            phrase("{path}:1: a configuration must consist of sections (dialler:, campaign:, columns: …).", path=path)
        )
    return Document(path, values, reader.places, reader.unset, (path,), {path: unfinished} if unfinished else {})


def _fault(error: yaml.YAMLError) -> tuple[int, str]:
    """Return the line of a fault, 0 if it is not known, and what is probably missing there."""
    problem = getattr(error, "problem", None) or ""
    sentence = next((each for part, each in _FAULTS.items() if part in problem), None)
    at = getattr(error, "problem_mark", None)
    if _BEGAN.search(problem):
        at = getattr(error, "context_mark", None) or at
    why = phrase(sentence) if sentence else _QUOTED.sub("", problem) or phrase("cannot be parsed")
    return (at.line + 1 if at else 0), why


class _Reader:
    """Converts nodes to values, and notes their lines."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self._path, self._environment = path, environment
        self.places: dict[KeyPath, Place] = {}
        self.unset: dict[KeyPath, str] = {}
        self._size = 0

    def plain(self, node: yaml.Node, key: KeyPath) -> Plain:
        """Convert ``node``, which stands at ``key``."""
        line = node.start_mark.line + 1
        self.places.setdefault(key, Place(self._path, line))
        if len(key) > _DEEPEST:
            raise ConfigError(
                phrase("{path}:{line}: nested too deeply, or refers to itself.", path=self._path, line=line)
            )
        self._size += _CHARS_A_NODE + (len(node.value) if isinstance(node, yaml.ScalarNode) else 0)
        if self._size > _MOST_CHARS:
            raise ConfigError(
                phrase("{path}:{line}: the aliases (*name) multiply without end.", path=self._path, line=line)
            )
        if isinstance(node, yaml.ScalarNode):
            if node.style is None and node.value in _NULLS:
                return None
            value = _VARIABLE.sub(lambda match: self._value_of(match["name"], key, line), node.value)
            _require_characters(value, f"{self._path}:{line}", in_pattern=key[-1:] == ("pattern",))
            if any(isinstance(part, str) and _SECRET_KEY.search(part) for part in key):
                _keep_secret(value)
            else:
                keep_logins(value)
            return value
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item, (*key, i)) for i, item in enumerate(node.value)]
        result: dict[str, Plain] = {}
        for name_node, value_node in node.value:
            name = name_node.value if isinstance(name_node, yaml.ScalarNode) else None
            at = f"{self._path}:{name_node.start_mark.line + 1}"
            if name is None:
                raise ConfigError(phrase("{at}: the key must be plain text.", at=at))
            _require_characters(name, at)
            keep_logins(name)
            if name in result:
                raise ConfigError(phrase("{at}: duplicate key '{name}'; keep one.", at=at, name=name))
            self.places[(*key, name)] = Place(self._path, name_node.start_mark.line + 1)
            result[name] = self.plain(value_node, (*key, name))
        return result

    def _value_of(self, name: str | None, key: KeyPath, line: int) -> str:
        if name is None:
            return "$"
        if name not in self._environment:
            at = f"{self._path}:{line}"
            self.unset[key] = _not_set(at, name)
        value = self._environment.get(name, "")
        if _SECRET_VARIABLE.match(name):
            _keep_secret(value)
        return value


def _not_set(at: str, name: str) -> str:
    if all(map(_WORD_OF_NAME.fullmatch, name.split("_"))):
        return phrase(
            "{at}: the environment variable {name} is not set. Set it, or replace ${{{name}}}.", at=at, name=name
        )
    return phrase(
        "{at}: ${{…}} takes the name of an environment variable alone: ${{DIALLER_SYNC_TOKEN}}. What stands there is "
        "not shown, as it may be a secret.",
        at=at,
    )


def _require_characters(text: str, at: str, *, in_pattern: bool = False) -> None:
    """Refuse half a character (``"\\ud800"``), an environment variable's bytes that are not UTF-8, and the character
    NUL, which no name of a file may hold; a pattern may remove it from cells. The text may be a secret."""
    if "\0" in text and not in_pattern:
        raise ConfigError(phrase("{at}: the text has the character NUL: remove it.", at=at))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            phrase("{at}: the text has bytes that are not UTF-8, or half a character: replace them.", at=at)
        ) from error


def _keep_secret(value: str) -> None:
    """Mask a secret; of a web address what comes after the host, and a name in the host that somebody has drawn. The
    host itself stands in many texts, as in people's e-mail addresses."""
    address = _WEB_ADDRESS.match(value)
    if not address:
        keep_secret(value)
        return
    host, rest = address["host"], value[address.end() :]
    drawn = (name for name in host.split(".") if len(name) >= _DRAWN and re.search("[0-9][^0-9]+[0-9]", name))
    parts = (part for part in re.split(r"[/?&=#]", rest) if len(part) >= _SECRET_PART)
    keep_secret(*url_secrets(value), rest, *parts, *drawn)
