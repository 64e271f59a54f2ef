"""Render a self-contained HTML page from a template. Its security policy allows only its own style and script."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape

from ..files.whole import new_file
from ..text.forms import duration, moment, percent
from ..text.outward import screen
from ..text.phrase import counted, figure, language, mark, phrase
from ..version import __version__
from . import words
from .sheets import SHEET_ROWS

LINKED = {
    "results.csv": mark("every row with its outcome"),
    "failed.xlsx": mark("rows to fix, with the faulty cells marked: fix them, then import this file"),
    "failed.csv": mark("the same rows as CSV"),
    "report.xlsx": mark("the same, as a workbook"),
    "mirror.csv": mark("contacts without a row in the files"),
    "reconciliation.csv": mark("every contact, with its data in the dialler"),
    "reconciliation.xlsx": mark("the same, as a workbook with a sheet per class"),
    "moved.csv": mark("changes since the earlier reconciliation"),
    "summary.json": mark("the numbers, for programs"),
}
"""Report files that a page links to if they exist beside it."""


def write_page(path: Path, template: str, context: Mapping[str, Any]) -> None:
    """Render a template of this package into ``path``, streamed: the page is never in memory as a whole.

    Raises:
        JournalError: the file cannot be written.
    """
    style, script = _asset("page.css"), _asset("page.js")
    stream = (
        _environment()
        .get_template(template)
        .stream(
            context,
            style=style,
            script=script,
            policy=_policy(style, script),
            links=_links(path.parent),
            version=__version__,
        )
    )
    stream.enable_buffering(100)
    with new_file(path) as file:
        file.writelines(stream)


def compile_templates(*templates: str) -> None:
    """Have templates compiled before they are needed: it takes a moment."""
    for template in templates:
        _environment().get_template(template)


def render(template: str, context: Mapping[str, Any]) -> str:
    """Return a rendered template of this package, which is not a page of its own: a mail."""
    return _environment().get_template(template).render(context)


def address_of(path: str) -> str:
    """Return the address of a file for a link of a page in the same place: its name may begin as an address does, or
    hold a sign that ends one."""
    return quote(os.fsencode(path))


def _links(folder: Path) -> dict[str, str]:
    """Return the report files of a folder, each with its description."""
    found = {name: phrase(what) for name, what in LINKED.items() if (folder / name).exists()}
    more = sorted(path.name for path in folder.glob("failed-*.xlsx") if path.stem[len("failed-") :].isdecimal())
    marked = sorted(path.name for path in folder.glob("*-marked*.xls[xm]"))
    found |= dict.fromkeys(more, phrase("more rows to fix (an Excel sheet holds {most})", most=figure(SHEET_ROWS)))
    return found | dict.fromkeys(marked, phrase("the original workbook, with the faulty cells marked"))


@cache
def _environment() -> jinja2.Environment:
    """Return the templates, compiled once: an inbox of many files writes many pages."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dialler_sync.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": figure,
        "duration": duration,
        "moment": moment,
        "first_upper": lambda text: text[:1].upper() + text[1:],
    }
    environment.globals |= {
        "address_of": address_of,
        "action_meaning": words.action_meaning,
        "code": partial(_element, "<code>{0}</code>"),
        "counted": _counted,
        "language": language,
        "link": partial(_element, '<a href="{0}">{0}</a>'),
        "percent": percent,
        "phrase": _phrase,
    }
    return environment


def _phrase(sentence: str, **values: object) -> Markup:
    """Return a sentence for a page: its values, but our own markup, are screened and escaped."""
    return _filled(phrase(sentence), values)


def _counted(count: int, one: str, many: str, **values: object) -> Markup:
    """Return the sentence that fits a count, as :func:`_phrase` does."""
    kept = {name: f"{{{name}}}" for name in values}
    return _filled(counted(count, one, many, **kept), values)


def _filled(sentence: str, values: Mapping[str, object]) -> Markup:
    return escape(sentence).format(**{name: _harmless(value) for name, value in values.items()})


def _element(form: str, text: str) -> Markup:
    """Return an element with a text in it."""
    return Markup(form).format(_harmless(text))  # noqa: S704 - our own form


def _harmless(value: object) -> object:
    """Screen every value except our own markup for characters that act or hide."""
    return screen(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset(name: str) -> Markup:
    return Markup((files(__package__) / "templates" / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file


def _policy(style: str, script: str) -> str:
    """Return the page's Content-Security-Policy: this style, this script, images inside the page, nothing else."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
