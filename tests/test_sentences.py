"""What people are told is said in whole sentences of the catalogue, and not built in code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter

import jinja2
import pytest
from jinja2 import nodes

from .catalogue import ROOT

SAID = {"phrase": 1, "mark": 1, "counted": 2, "marks": 2}
"""Functions that take sentences, and how many."""

WHOLE_ROOMS = (
    "api", "call_lists", "cli", "cluster", "config", "contacts", "doctor", "fetch", "files", "inbox", "jobs", "journal",
    "load", "mapping", "plan", "prepare", "propose", "read", "reconciliation", "report", "run",
    "error_codes.py", "exit_codes.py",
)  # fmt: skip
"""What people read: reports, errors, help, proposed configurations, the log but for what is for a search for faults."""

_WORDS = re.compile(r"[A-Za-z]{2,}[ ,:;]+[a-z]{2,}|[a-z]{3,} $|^ [a-z]{3,}")
_NO_SENTENCE = re.compile(
    r"\s*<|\S+$|default-src | xml(ns)?\b|.*/XML/|.*\b(SELECT|CREATE|INSERT|DELETE|SET|PRAGMA|NOT|IN|AND|ORDER BY) |"
    r"\(small table X\)$|(Basic|Bearer|sudo) $|metadata, uid|sent as it is on $|command line$|"
    r"(great britain|vereinigte staaten)$|(yes or no|web address)$|dialler-sync validate X$|"
    r"[a-z_.]+: [a-z_]+$|.*# (CHANGE: )?$|split among X$|"
    r"report folder$|dialler-sync doctor: nobody$|still failing$|not bold$|X exit lists |"
    r"X   filled distinct |(teams|mail) $|in scope$|# (HELP|TYPE) dialler",
    re.DOTALL,
)
"""Markup, a page's policy, SQL, the name of a page's table, the scheme of a login, mount options, what an old journal
has, the name of a list of targets, two names of countries as they are found in cells, two codes of what cells look
like, a command, a key with its value, lines of a configuration before their comment, how the journal calls a campaign,
a check's name, a key that nobody has, an event's code, beginnings of keys, heads of tables, and marks of metrics."""

NO_TEXTS = ("read/encoding/candidates.py", "api/traffic.py")
"""A table of codes, and the log of requests for those who look for a fault."""


@cache
def modules() -> Mapping[str, ast.Module]:
    """Every module but those of the embedded dialler, which speaks as a dialler does."""
    paths = (path for path in sorted(ROOT.rglob("*.py")) if "simulator" not in path.parts)
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Place, function and node of each call that takes sentences."""
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAID:
                yield f"{name}:{node.lineno}", node.func.id, node


def names_in(sentence: str) -> set[str]:
    """The placeholders of a sentence."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def fits(given: set[str], sentences: list[str], function: str) -> bool:
    """Whether the values of a call are those that its sentences name; the singular may leave out some."""
    if function == "counted":
        one, many = map(names_in, sentences)
        return one <= many | {"count"} == given | {"count"}
    return all(names_in(each) == given for each in sentences) if given else True


def test_sentences_are_whole() -> None:
    """No f-string, no sum, no choice of two: what is said stands in one piece, or is a constant that was marked."""
    pieces = (ast.JoinedStr, ast.BinOp, ast.IfExp)
    built = [
        place
        for place, function, node in calls()
        for argument in (node.args[1:] if function == "counted" else node.args)
        if isinstance(argument, pieces)
        and not (
            isinstance(argument, ast.IfExp) and all(isinstance(p, ast.Name) for p in (argument.body, argument.orelse))
        )
    ]

    assert built == []


def test_sentences_stand_where_the_catalogue_looks() -> None:
    """Not inside an f-string, which babel reads as one text."""
    hidden = [
        f"{name}:{call.lineno}"
        for name, tree in modules().items()
        for text in ast.walk(tree)
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SAID
        if any(isinstance(argument, ast.Constant) and isinstance(argument.value, str) for argument in call.args)
    ]

    assert hidden == []


def test_sentences_get_the_values_that_they_name() -> None:
    wrong = []
    for place, function, node in calls():
        sentences = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if function in ("mark", "marks") or not sentences or any(each.arg is None for each in node.keywords):
            continue
        if not fits({str(each.arg) for each in node.keywords}, sentences, function):
            wrong.append(place)

    assert wrong == []


@pytest.mark.parametrize("path", sorted((ROOT / "report/templates").glob("*.j2")), ids=lambda path: path.name)
def test_templates_give_sentences_the_values_that_they_name(path: Path) -> None:
    tree = jinja2.Environment(trim_blocks=True).parse(path.read_text(encoding="utf-8"))
    wrong = []
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in SAID:
            sentences = [each.value for each in call.args if isinstance(each, nodes.Const)]
            given = {each.key for each in call.kwargs}
            if sentences and not fits(given, sentences, call.node.name):
                wrong.append(call.lineno)

    assert wrong == []


@pytest.mark.parametrize("path", sorted((ROOT / "report/templates").glob("*.j2")), ids=lambda path: path.name)
def test_templates_hold_no_text_of_their_own(path: Path) -> None:
    """But the names of columns, codes and commands."""
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", "\0", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    left = set(re.findall(r"[^\W\d_]{2,}", text))

    assert left <= {"dialler", "sync", "UserData", "SHA"}


def test_plurals_and_numbers_have_one_form() -> None:
    """``counted`` and ``figure`` know how a language writes them."""
    own = [
        f"{name}:{node.lineno}"
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if name != "text/phrase.py" and (_is_plural(node) or _groups_digits(node))
    ]

    assert own == []


def _is_plural(node: ast.AST) -> bool:
    """``"s" if n != 1 else ""``, ``"s" * (n != 1)``, ``"row" if n == 1 else "rows"``."""
    sides = (node.body, node.orelse) if isinstance(node, ast.IfExp) else ()
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        sides = (node.left, node.right)
    texts = [side.value for side in sides if isinstance(side, ast.Constant) and isinstance(side.value, str)]
    asks_for_one = isinstance(node, ast.IfExp) and re.search(r"[!=]= 1$", ast.unparse(node.test))
    return "s" in texts or bool(asks_for_one and len(texts) == 2 and texts[0].rstrip("s") == texts[1].rstrip("s"))


def _groups_digits(node: ast.AST) -> bool:
    """``f"{n:,}"``."""
    return (
        isinstance(node, ast.FormattedValue) and node.format_spec is not None and "," in ast.unparse(node.format_spec)
    )


def test_no_sentence_stands_outside_the_catalogue() -> None:
    found = []
    for name, tree in modules().items():
        if name not in NO_TEXTS and name.split("/")[0] in WHOLE_ROOMS:
            parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
            found += [
                f"{name}:{node.lineno}: {text}" for node, text in _texts(tree, parents) if not _is_told(node, parents)
            ]

    assert found == []


def _texts(tree: ast.Module, parents: Mapping[ast.AST, ast.AST]) -> Iterator[tuple[ast.expr, str]]:
    """Texts of at least two words, f-strings with ``X`` for their values."""
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(each.value) if isinstance(each, ast.Constant) else "X" for each in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = "" if isinstance(parents.get(node), ast.JoinedStr) else node.value
        if isinstance(node, ast.expr) and _WORDS.search(text) and not _NO_SENTENCE.match(text):
            yield node, text


def _around(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Each node around a text, up to its function or class, with the one inside of it."""
    while node in parents and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        inner, node = node, parents[node]
        yield inner, node


def _is_told(text: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether a text is in the catalogue, or is none: a docstring, a code, compared, or for the debug log."""
    for inner, node in _around(text, parents):
        if (isinstance(node, ast.Dict) and inner in node.keys) or isinstance(node, (ast.Subscript, ast.Compare)):
            return True  # a key, which is a code
        if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases):
            return True
        if isinstance(node, ast.Assert) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            return True
        if isinstance(node, ast.keyword) and node.arg in ("help", "description"):
            return True  # the catalogue asks click and pydantic for them
        if isinstance(node, ast.Dict) and "description" in [ast.unparse(key).strip("'") for key in node.keys if key]:
            return True
        if isinstance(node, ast.Call) and (
            (name := ast.unparse(node.func)) in SAID
            or name.startswith(("_log.debug", "re."))
            or name.endswith((".startswith", ".endswith", ".removeprefix", "AssertionError"))
        ):
            return True
    return False
