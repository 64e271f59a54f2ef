"""Reads and checks a configuration file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, to_jsonable_python

from ..errors import ConfigError
from ..files import trust
from ..files.pinned import real
from ..text.nearest import nearest
from ..text.outward import keep_secret, mask
from ..text.phrase import counted, mark, phrase
from .document import Document, KeyPath
from .extends import read_configuration
from .layout import SheetSettings
from .settings import Settings
from .shape import model_at
from .source import SourceSettings
from .sources import Stores, beside, stores_beside, within

_TUNING = {
    "name",  # a part of the target, which is compared by itself
    "token",
    "token_file",
    "token_command",
    "timeout",
    "concurrency",
    "rate",
    "hours",
    "retries",
    "give_up_after",
    "ca_file",
    "client_cert",
    "client_key",
}
"""Keys of ``dialler:`` that do not change the payload, so a run may be resumed after changing them."""


_FILES = {
    "dialler": ("token_file", "ca_file", "client_cert", "client_key"),
    "cluster": ("ca_file", "cert_file", "key_file"),
}
"""Keys of sections that name files, relative to the folder of the configuration."""

_TOKEN = ("dialler", "token")
_LONG_NAME = 20
"""Fewest characters of a file's name that may be a token."""

CONFIGURATION = mark("the configuration")

_TOKEN_SECTIONS = {"dialler", "cluster"}
"""Sections that decide to whom the token is sent."""


def load_config(
    path: str | Path,
    environment: Mapping[str, str] = os.environ,
    *,
    token_needed: bool = True,
    finished: bool = False,
    trusted: bool | None = None,
) -> Settings:
    """Read a configuration file, and those that it extends. Paths are relative to the folder of the file they are in.

    Without ``token_needed`` (nothing is sent), the variable of the token need not be set. With ``finished``, a line
    that is still marked ``# CHANGE`` is a fault. ``trusted``: also use files that others could have changed; None: as
    DIALLER_SYNC_TRUST says.

    Raises:
        ConfigError: every fault of the files, one a line, with file, line, key and the nearest name.
        UsageError: others could have changed one of the files, or a file in it that decides where the token is sent.
    """
    document = read_configuration(
        Path(path), environment, before_each=lambda file: trust.require(phrase(CONFIGURATION), file, trust=trusted)
    )
    faults = [problem for key, problem in document.unset.items() if token_needed or key != _TOKEN]
    try:
        settings = Settings.model_validate(document.values)
    except ValidationError as error:
        others = (fault for fault in error.errors() if _place(document, fault) not in document.unset)
        faults += dict.fromkeys(_sentence(document, fault) for fault in others)
    if finished:
        faults += [
            phrase(
                "{file}: not finished: {lines}. Fill in what these comments ask for, and remove them.",
                file=file,
                lines=still_marked(lines),
            )
            for file, lines in document.unfinished.items()
        ]
    if faults:
        raise ConfigError(*faults)
    settings = _with_absolute_paths(settings, real(document.path).parent)
    for what, named in files_to_trust(settings):
        trust.require(what, named, trust=trusted)
    if settings.notify and not trusted:
        trust.require_authorities()
    return settings


def files_to_trust(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield the name and path of each file that decides on the token or its receiver: certificates, keys, the token."""
    for section, values in settings:
        if section in _TOKEN_SECTIONS:
            yield from ((f"{section}.{name}", path) for name, path in values if isinstance(path, Path))
    if settings.notify and settings.notify.email:
        smtp = settings.notify.email.smtp
        yield from ((f"notify.email.smtp.{name}", path) for name, path in smtp if isinstance(path, Path))


def still_marked(lines: Sequence[int]) -> str:
    """Return ``lines 5, 9 are still marked CHANGE``."""
    numbers = ", ".join(map(str, lines))
    return counted(
        len(lines),
        "line {lines} is still marked CHANGE",
        "lines {lines} are still marked CHANGE",
        lines=numbers,
    )


def load_source(path: Path, *, trusted: bool | None = None) -> SourceSettings:
    """Read only the ``source:`` section, which needs no dialler and no token. ``trusted``: as of :func:`load_config`.

    Raises:
        ConfigError: every fault of the section.
        UsageError: it has a command, and others could have changed the file or one that it extends.
    """
    document = read_configuration(path)
    try:
        stores = TypeAdapter(Stores).validate_python(document.values.get("sources") or {})
        stores = stores_beside(real(document.path).parent, stores)
        source = SourceSettings.model_validate(document.values.get("source") or {}).with_stores(stores)
    except ValidationError as error:
        faults = [ErrorDetails(**{**fault, "loc": ("source", *fault["loc"])}) for fault in error.errors()]
        raise ConfigError(*dict.fromkeys(_sentence(document, fault) for fault in faults)) from None
    if source.password_command is not None or stores:
        for file in document.files:
            trust.require(phrase(CONFIGURATION), file, trust=trusted)
    return source


def with_source(source: SourceSettings, given: Mapping[str, Any]) -> SourceSettings:
    """Override settings of ``source`` with options of the command line.

    Raises:
        ConfigError: an invalid value, by the name of its option.
    """
    if not given:
        return source
    try:
        chosen = {"sheet": None, "sheets": None} if {"sheet", "sheets"} & given.keys() else {}
        return SourceSettings.model_validate({**source.model_dump(), **chosen, **given}).with_stores(source.stores)
    except ValidationError as error:
        problems = (f"--{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors())
        raise ConfigError(*problems) from None


_DETECTED = SheetSettings().model_dump(mode="json")


def fingerprint(settings: Settings) -> dict[str, str]:
    """Return the settings that decide what is sent: dotted name → JSON; lookup files by their SHA-256. No secret is
    among them."""
    plain = settings.model_dump(mode="json", exclude={"extends", "notify", "inbox", "reports", "cluster", "sources"})
    plain["dialler"] = {key: value for key, value in plain["dialler"].items() if key not in _TUNING}
    del plain["source"]["password_command"]
    for each in plain["suppress"]:
        if each["source"] == _DETECTED:  # as before there was this setting
            del each["source"]
    for name, rule in settings.columns.items():
        if rule.lookup:
            plain["columns"][name]["lookup"]["sha256"] = _sha256(rule.lookup.file)
    return {name: mask(json.dumps(value, ensure_ascii=False, sort_keys=True)) for name, value in _leaves(plain, "")}


def _sha256(path: Path) -> str:
    """Return the SHA-256 of a file; ``""`` if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Describe the differences between two fingerprints, for people. A setting that an older version did not know is
    none if it has its default."""
    unset = phrase("not set")
    return [
        phrase(
            "{name} was {before}, is {after}", name=name, before=before.get(name, unset), after=after.get(name, unset)
        )
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
        if name in before or after[name] != _default(name)
    ]


def _default(name: str) -> str | None:
    """Return a fingerprint's value of a setting that is not set; None if it must be set."""
    *at, last = name.split(".")
    model = model_at(at)
    setting = model.model_fields.get(last) if model else None
    if setting is None or setting.is_required():
        return None
    return json.dumps(to_jsonable_python(setting.get_default(call_default_factory=True)))


def _leaves(value: Any, name: str) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else key)
    else:
        yield name, value


def _with_absolute_paths(settings: Settings, folder: Path) -> Settings:
    changes: dict[str, Any] = {}
    for name, keys in _FILES.items():
        section: BaseModel = getattr(settings, name)
        if paths := {key: folder / path for key in keys if (path := getattr(section, key))}:
            for key, path in paths.items():
                if key == "token_file" and not path.exists() and _may_be_a_token(path.name):
                    keep_secret(path.name)
                if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe would block, a device has no end
                    raise ConfigError(phrase("{key}: {path} is not a regular file", key=f"{name}.{key}", path=path))
            changes[name] = section.model_copy(update=paths)
    if settings.suppress:
        changes["suppress"] = tuple(beside(folder, each) for each in settings.suppress)
    changes["columns"] = {
        name: rule.model_copy(update={"lookup": beside(folder, rule.lookup)}) if rule.lookup else rule
        for name, rule in settings.columns.items()
    }
    changes["sources"] = stores_beside(folder, settings.sources)
    changes["source"] = settings.source.with_stores(changes["sources"])
    of_inbox = {name: within(folder, path) for name in ("dir", "answers") if (path := getattr(settings.inbox, name))}
    changes["inbox"] = settings.inbox.model_copy(update=of_inbox)
    if settings.notify and settings.notify.email:
        email = settings.notify.email
        named = {key: folder / path for key in ("password_file", "ca_file") if (path := getattr(email.smtp, key))}
        email = email.model_copy(update={"smtp": email.smtp.model_copy(update=named)})
        changes["notify"] = settings.notify.model_copy(update={"email": email})
    if settings.reports.dir:
        changes["reports"] = settings.reports.model_copy(update={"dir": folder / settings.reports.dir})
    return settings.model_copy(update=changes)


def _may_be_a_token(name: str) -> bool:
    """Whether the name of a file that is not there may be the token itself, which stands in the wrong place."""
    return len(name) >= _LONG_NAME and any(map(str.isdigit, name)) and any(map(str.isalpha, name))


def _place(document: Document, fault: ErrorDetails) -> KeyPath:
    at: KeyPath = tuple(part for part in fault["loc"] if not _is_union_arm(part))
    if at[:2] == ("suppress", 0) and not isinstance(document.values["suppress"], list):
        at = (at[0], *at[2:])  # one file in place of a list of one
    return at


_SECTION = mark("{key}: must be a section, with keys below it or in {{ }}")
_WHOLE = mark("{key}: must be a whole number")
_NUMBER = mark("{key}: must be a number")
_YES_OR_NO = mark("{key}: must be true or false")
_TEXT = mark("{key}: must be a text")
_LIST = mark("{key}: must be a list, such as [a, b]")
_TYPES = {
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type", "dataclass_type"), _SECTION),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _YES_OR_NO),
    **dict.fromkeys(("list_type", "tuple_type"), _LIST),
    "string_type": _TEXT,
}
"""What pydantic says of a value of another kind."""


def _sentence(document: Document, fault: ErrorDetails) -> str:
    at = _place(document, fault)
    dotted = ".".join(str(part) for part in at)
    where = document.where(at)
    kind = fault["type"]
    if kind == "extra_forbidden":
        said = phrase("unknown key '{key}'", key=dotted) + nearest(str(at[-1]), _names_beside(at))
    elif kind == "missing":
        said = phrase("'{key}' is missing", key=dotted)
    elif kind in _TYPES:
        said = phrase(_TYPES[kind], key=dotted)
    else:
        message = fault["msg"].removeprefix("Value error, ")
        ours = kind in ("value_error", "rule")
        said = f"{dotted}: {message if ours else message[:1].lower() + message[1:]}"
    return f"{where}: {said}"


def _is_union_arm(part: str | int) -> bool:
    """Whether a part of a path is the arm of a union that pydantic tried: the user's file has no such key."""
    return isinstance(part, str) and (
        part in {"str", "int", "[key]"} or part.startswith(("list[", "function-", "lax-"))
    )


def _names_beside(at: KeyPath) -> Iterable[str]:
    model = model_at(at[:-1])
    return model.model_fields if model else ()
