"""``extends: base.yaml``: a configuration that completes another one.

Maps are merged, the rest is replaced, and ``null`` takes away what the other has. Every value remembers the file and
line it stands in; a path counts from the folder of its own file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import ConfigError
from ..files.pinned import real
from ..files.url import is_address
from ..text.phrase import phrase
from .document import Document, KeyPath, Place, Plain, read_document
from .shape import is_path

KEY = "extends"
_MOST_FILES = 20


def read_configuration(
    path: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    before_each: Callable[[Path], None] = lambda _: None,
) -> Document:
    """Read a configuration with everything that it extends, as one. ``before_each`` is called with each file before it
    is read, and may refuse it.

    Raises:
        ConfigError: a file cannot be read, is not a configuration, or extends itself.
    """
    documents: list[Document] = []
    following: Path | None = path
    named_at = ""
    while following is not None:
        before_each(following)
        document = read_document(following, environment, named_at)
        documents.append(document)
        following, named_at = _extended(document), document.where((KEY,))
        if following is not None:
            _refuse_circle([each.path for each in documents], following, named_at)
    whole = documents.pop()
    while documents:
        above = documents.pop()
        whole = _overlay(_with_paths_from(whole, above.path), above)
    return replace(whole, values={name: value for name, value in whole.values.items() if name != KEY})


def extended_by(path: Path) -> Path | None:
    """Return the file that a configuration extends; None: it extends none.

    Raises:
        ConfigError: it cannot be read, or is not a configuration.
    """
    return _extended(read_document(path))


def _extended(document: Document) -> Path | None:
    named = document.values.get(KEY)
    if named is None:
        return None
    if unset := document.unset.get((KEY,)):
        raise ConfigError(unset)
    if not isinstance(named, str) or not named:
        raise ConfigError(
            phrase("{where}: extends: must name one file, such as base.yaml", where=document.where((KEY,)))
        )
    return _folder(document.path) / named


def _folder(path: Path) -> Path:
    return real(path).parent


def _refuse_circle(files: list[Path], following: Path, named_at: str) -> None:
    if real(following) in map(real, files):
        way = " → ".join(path.name for path in (*files, following))
        raise ConfigError(
            phrase("{named_at}: extends: forms a circle ({way}). Remove one of them.", named_at=named_at, way=way)
        )
    if len(files) >= _MOST_FILES:
        raise ConfigError(
            phrase(
                "{named_at}: extends: more than {most} files in a row. Merge some of them.",
                named_at=named_at,
                most=_MOST_FILES,
            )
        )


def _with_paths_from(document: Document, user: Path) -> Document:
    """Return the extended configuration with absolute paths, unless ``user`` is in the same folder."""
    folder = _folder(document.path)
    if folder == _folder(user):
        return document

    def led(value: Plain, at: KeyPath) -> Plain:
        if isinstance(value, dict):
            return {name: led(inner, (*at, name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [led(inner, (*at, i)) for i, inner in enumerate(value)]
        return str(folder / value) if value and is_path(at) and not is_address(str(value)) else value

    return replace(document, values={name: led(value, (name,)) for name, value in document.values.items()})


@dataclass(slots=True)
class _Merge:
    """Lays a map over another; ``replaced`` has the places of which nothing is left."""

    replaced: set[KeyPath] = field(default_factory=set)

    def maps(self, base: dict[str, Plain], over: dict[str, Plain], at: KeyPath) -> dict[str, Plain]:
        result = dict(base)
        for name, value in over.items():
            under = base.get(name)
            if isinstance(value, dict) and isinstance(under, dict):
                result[name] = self.maps(under, value, (*at, name))
                continue
            if name in base:
                self.replaced.add((*at, name))
            if value is None and name in base:
                del result[name]
            else:
                result[name] = value
        return result

    def is_left(self, key: KeyPath) -> bool:
        return not any(key[:length] in self.replaced for length in range(1, len(key) + 1))


def _overlay(base: Document, over: Document) -> Document:
    merge = _Merge()
    values = merge.maps(base.values, over.values, ())
    places: dict[KeyPath, Place] = {key: place for key, place in base.places.items() if merge.is_left(key)}
    unset = {key: problem for key, problem in base.unset.items() if merge.is_left(key)}
    return Document(
        over.path,
        values,
        {**places, **over.places},
        {**unset, **over.unset},
        (*over.files, *base.files),
        {**over.unfinished, **base.unfinished},
    )
