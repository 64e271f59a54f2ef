"""Lists of contacts whose encoding is found out right, refused or got wrong, beside other detectors.

A list is read right if the text is the one that was written, whatever the encoding is called; a list put together from
two encodings only if it is refused::

    python tests/benchmarks/encodings.py [--lists 1000] [--only spanish/cp1252] [--readers dialler-sync] [--show-wrong]

Each cell is ``right refused wrong``. The other detectors need the extra ``bench``.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import zip_longest
from pathlib import Path

from encoding_lists import ContactList, lists

Reader = Callable[[Path], str | None]
"""Finds out the encoding of a file; None where it refuses."""

OUTCOMES = ("right", "refused", "wrong")


def dialler_sync(path: Path) -> str | None:
    from dialler_sync.config import SourceSettings
    from dialler_sync.errors import InputError
    from dialler_sync.read.encoding.detect import find_encoding

    try:
        return find_encoding(path, SourceSettings())
    except InputError:
        return None


def chardet(path: Path) -> str | None:
    import chardet

    return chardet.detect(path.read_bytes())["encoding"]


def uchardet(path: Path) -> str | None:
    import cchardet

    return cchardet.detect(path.read_bytes())["encoding"]


def charset_normalizer(path: Path) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(path.read_bytes()).best()
    return best.encoding if best else None


def utf8_else_cp1252(path: Path) -> str | None:
    try:
        path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


READERS: dict[str, tuple[Reader, str]] = {
    "dialler-sync": (dialler_sync, "dialler_sync"),
    "chardet": (chardet, "chardet"),
    "uchardet": (uchardet, "cchardet"),
    "charset-normalizer": (charset_normalizer, "charset_normalizer"),
    "utf-8, else cp1252": (utf8_else_cp1252, "codecs"),
}
"""With the package that each needs."""


def first_difference(written: str, text: str) -> tuple[str, str]:
    pairs = zip_longest(written.splitlines(), text.splitlines(), fillvalue="")
    return next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))


def show(given: ContactList, encoding: str | None) -> None:
    text = given.read_as(encoding)
    print(f"{given}\n    read as   {encoding}")
    if given.text is None or text is None:
        print("    written   in two encodings" if given.text is None else "    refused")
        return
    for label, line in zip(("written", "read"), first_difference(given.text, text), strict=True):
        print(f"    {label:9} {line}")


def print_table(title: str, groups: dict[str, dict[str, Counter[str]]], readers: Iterable[str]) -> None:
    print(f"\n{title:34}" + "".join(f"{name:>21}" for name in readers))
    in_order = sorted(groups.items()) if title == "by rows" else groups.items()
    for group, counts in in_order:
        cells = (" ".join(f"{counts[name][key]:6}" for key in OUTCOMES) for name in readers)
        print(f"{group:34}" + "".join(f"{cell:>21}" for cell in cells))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--lists", type=int, help="this many, evenly over languages and encodings")
    parser.add_argument("--only", default="", metavar="LANGUAGE/ENCODING", help="also LANGUAGE, or /ENCODING")
    parser.add_argument("--readers", nargs="*", default=list(READERS), choices=list(READERS))
    parser.add_argument("--show-wrong", action="store_true", help="lists that dialler-sync reads wrong")
    parser.add_argument("--show-refused", action="store_true", help="lists that dialler-sync refuses")
    options = parser.parse_args()
    for name in [name for name in options.readers if importlib.util.find_spec(READERS[name][1]) is None]:
        print(f"{name} is not installed; it is left out")
        options.readers.remove(name)

    counts: dict[str, dict[str, dict[str, Counter[str]]]] = {
        title: defaultdict(lambda: defaultdict(Counter))
        for title in ("by language", "by encoding", "by kind", "by rows", "total")
    }
    seconds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        for given in lists(options.seed, options.lists, options.only):
            path.write_bytes(given.data)
            for name in options.readers:
                start = time.perf_counter()
                encoding = READERS[name][0](path)
                seconds[name] += time.perf_counter() - start
                came = given.outcome(encoding)
                language = given.language if given.text is not None else "two encodings"
                groups = (language, given.encoding, given.kind, f"{given.rows:3} rows", "all lists")
                for group, table in zip(groups, counts.values(), strict=True):
                    table[group][name][came] += 1
                shown = {"wrong": options.show_wrong, "refused": options.show_refused, "right": False}[came]
                if name == "dialler-sync" and shown:
                    show(given, encoding)
    for title, groups in counts.items():
        print_table(title, groups, options.readers)
    print(f"{'seconds':34}" + "".join(f"{seconds[name]:21.1f}" for name in options.readers))
    print(f"seed {options.seed}; each cell: {', '.join(OUTCOMES)}")


if __name__ == "__main__":
    main()
