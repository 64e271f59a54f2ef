"""No secret comes out, in whatever encoding a hostile dialler repeats it, and wherever a user has misspelt it."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import pytest
from openpyxl import load_workbook

from dialler_sync.report.contacts_book import write_xlsx
from dialler_sync.report.contacts_output import Listing
from dialler_sync.text.outward import forget_secrets, json_text, keep_secret, line, mask, mask_cells

from ..conftest import Run
from .encodings import ENCODINGS, found_in
from .hostile import Asked, answer, hostile_dialler
from .shell import TOKEN, configuration, contacts, left_behind, said, shell

SECRETS_TRIED = (
    TOKEN,
    "simple-token-1234",
    "0123456789abcdef0123456789abcdef",
    "pä/ss@wörd#1-lang",
    "Tr0ub4dor&3%20x",
    r"p\u0041ssword&&x%",
)


def header_text(text: str) -> str:
    """What can stand in a line of HTTP."""
    return re.sub(r"[^ -~]", "_", text)


PLACES: dict[str, Callable[[str], bytes]] = {
    "error": lambda text: answer({"status": 400, "error": f"no: {text} is wrong"}, 400, "Bad Request"),
    "message": lambda text: answer({"status": 409, "message": f"no: {text}"}, 409, "Conflict"),
    "error that is a list": lambda text: answer({"status": 422, "error": [text, {text: text}]}, 422, "No"),
    "reason": lambda text: answer("", 400, f"No {header_text(text)}"),
    "contact ID": lambda text: answer({"status": 200, "records": [{"ID": text, "UserData": text}]}),
}
"""What comes of one row."""


@pytest.mark.parametrize("name", ENCODINGS)
def test_encodings(name: str) -> None:
    """A secret is masked in each encoding, and the rest of the message stays."""
    for secret in SECRETS_TRIED:
        if ("UTF" in name or name in {"with dots", "tags"}) and not secret.isascii():
            continue  # nobody writes it so
        forget_secrets()
        keep_secret(secret)

        shown = line(f"the answer says {ENCODINGS[name](secret)}")

        assert "***" in shown
        assert shown.startswith("the answer says")
        assert len(shown) < 40


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    "written",
    [
        str, str.upper, str.lower, lambda secret: unicodedata.normalize("NFD", secret),
        lambda secret: unicodedata.normalize("NFC", secret).encode().decode("cp1252"),
        lambda secret: unicodedata.normalize("NFD", secret).encode().decode("latin-1"),
        quote, lambda secret: quote(secret, encoding="cp1252"),
        lambda secret: base64.b64encode(unicodedata.normalize("NFD", secret).encode()).decode(),
        lambda secret: base64.b64encode(secret.encode("cp1252")).decode(),
        lambda secret: base64.b32encode(secret.encode("cp1252")).decode(),
        lambda secret: base64.b64encode(secret.encode("utf-16-le")).decode(),
        lambda secret: secret.encode("cp1252").hex(), lambda secret: secret.encode("utf-16-be").hex(),
        lambda secret: "".join(f"\\x{byte:02x}" for byte in secret.encode("cp1252")),
        lambda secret: secret.encode("cp1252").decode("utf-8", "replace"),
        lambda secret: secret.encode().decode("ascii", "replace"),
        lambda secret: secret.encode("ascii", "ignore").decode(),
        lambda secret: secret.encode("ascii", "replace").decode(),
    ],
    ids=[
        "as it is", "capitals", "small", "combined letters", "cp1252", "Latin-1", "quoted", "cp1252, quoted", "base64",
        "base64 of cp1252", "base32 of cp1252", "base64 of UTF-16", "hexadecimal of cp1252", "hexadecimal of UTF-16",
        "escapes of cp1252", "cp1252 as UTF-8", "UTF-8 as ASCII", "dropped", "question marks",
    ],
)  # fmt: skip
def test_a_secret_with_umlauts(written: Callable[[str], str], form: Literal["NFC", "NFD"]) -> None:
    """Programs write them whole or combined, misread them, and lose them."""
    for secret in ("Größe-Über-straße-2026!", "Grün-Öl-Süß-2026", "MüllerKoelnDom2026", "Pa€€wort-2026!x"):
        forget_secrets()
        keep_secret(unicodedata.normalize(form, secret))

        for shown in (line(f"no: {written(secret)} is wrong"), mask(f"1,{written(secret)},")):
            assert "***" in shown
            assert len(shown) < 24


def test_little_is_left_of_a_secret_in_another_script() -> None:
    """What is left may stand in any text."""
    keep_secret("пароль2026")

    assert line("of 2026-11-30") == "of 2026-11-30"
    assert line("no: пароль2026") == "no: ***"


@pytest.mark.parametrize("name", ENCODINGS)
def test_encodings_in_bulk(name: str) -> None:
    """The quick test that goes before lets no encoding pass."""
    keep_secret(TOKEN)

    shown = mask(f"1,Miller,{ENCODINGS[name](TOKEN)},+49171")

    assert "***" in shown
    assert not found_in(shown, TOKEN)


@pytest.mark.parametrize("start", range(0, 40 - 17, 3))
def test_a_part_of_a_long_secret(start: int) -> None:
    """A server, or whoever cuts a text, may leave a part of it."""
    secret = "".join(map(chr, range(48, 88)))
    keep_secret(secret)

    shown = line(f"the token {secret[start : start + 17]}… is old")

    assert re.fullmatch(r"the token .{0,5}\*\*\*.{0,5}… is old", shown)


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_part_of_a_long_secret_in_each_encoding(name: str) -> None:
    """Whoever sends the token in two halves sends all of it."""
    secret = "Zk3nQ9vT7pLx2RwB8dYc5HgJ4mNs6FtA1eUo"
    keep_secret(secret)

    for half in (secret[:18], secret[18:], secret[5:22]):
        text = f"the token {ENCODINGS[name](half)} is old"
        assert not found_in(line(text), half)
        assert not found_in(mask(text), half)


def require_masked(text: str) -> None:
    """It is shown without the secret, and without most of its encoding."""
    for shown in (line(text), mask(text)):
        assert "***" in shown
        assert len(shown) < 50


@pytest.mark.parametrize("letters", ["full width", "tags", "with zero-width spaces"])
@pytest.mark.parametrize(
    "name", ["quote", "quoted twice", "base64", "Basic", "base64, quoted", "hexadecimal", "quoted-printable"]
)
def test_wide_and_invisible_letters_within_another_encoding(name: str, letters: str) -> None:
    """They are there as bytes."""
    keep_secret(TOKEN)
    require_masked(f"the answer says {ENCODINGS[name](ENCODINGS[letters](TOKEN))}")


@pytest.mark.parametrize("letters", ["full width", "tags", "variation selectors", "filled circles"])
@pytest.mark.parametrize("name", ["base64", "base64, reversed", "hexadecimal"])
def test_another_encoding_within_wide_and_invisible_letters(name: str, letters: str) -> None:
    keep_secret(TOKEN)
    require_masked(f"the answer says {ENCODINGS[letters](ENCODINGS[name](TOKEN))}")


def test_a_secret_that_no_text_of_an_answer_holds() -> None:
    """A number, and letters or their codes one by one."""
    keep_secret(TOKEN, "12345678901234")
    record = {"ID": 12345678901234, "Name": list(TOKEN), "Tag": [*map(ord, TOKEN)], "Tries": [1, 2], "Amount": 1.5}

    shown = json.loads(json_text(record))

    assert shown == {"ID": "***", "Name": ["***"], "Tag": ["***"], "Tries": [1, 2], "Amount": 1.5}


@pytest.mark.parametrize("depth", [1, 2, 40])
def test_a_secret_of_nested_items(depth: int) -> None:
    """Each letter or number in a list of its own: the record's names stay, if these are not the secret."""
    keep_secret(TOKEN)
    letters: list[Any] = [*TOKEN, "and", 7]
    names = dict.fromkeys(TOKEN, 1)
    for _ in range(depth):
        letters = [[each] for each in letters]

    assert json.loads(json_text({"ID": 5, "Name": letters})) == {"ID": "***", "Name": "***"}
    assert json.loads(json_text(letters)) == "***"
    assert not found_in(json_text({"ID": 5, "Name": names}), TOKEN)
    assert json.loads(json_text({"ID": 5, "Name": [["x"], ["y"]]})) == {"ID": 5, "Name": [["x"], ["y"]]}


@pytest.mark.parametrize("sign", "٣３❸³")
def test_digits_of_other_forms(sign: str) -> None:
    keep_secret("token-1234-3333-abcd")

    assert line(f"no: token-1234-{4 * sign}-abcd") == "no: ***"
    assert mask(f"no: token-1234-{4 * sign}-abcd") == "no: ***", "in a table"


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_the_bytes_of_utf_16_one_by_one_in_a_table(order: str) -> None:
    keep_secret(TOKEN)

    assert mask(TOKEN.encode(order).hex(" ")).strip("0 ") == "***"


def test_a_number_that_is_a_secret_in_a_workbook(tmp_path: Path) -> None:
    keep_secret("12345678901234")
    path = tmp_path / "contacts.xlsx"

    write_xlsx(Listing(["ID", "Tries"], [{"ID": 12345678901234, "Tries": 7}]), path)

    assert [cell.value for cell in load_workbook(path).worksheets[0][2]] == ["***", 7]


def test_a_secret_in_several_cells_of_a_row() -> None:
    """Each part is too short to be known by itself; the line that is printed is the whole."""
    keep_secret(TOKEN)
    third = len(TOKEN) // 3
    parts = [TOKEN[:third], TOKEN[third : 2 * third], TOKEN[2 * third :]]

    assert not found_in("".join(mask_cells(["K1", *parts])), TOKEN)
    assert mask_cells(["K1", parts[0], "Ann", parts[2]]) == ["K1", parts[0], "Ann", parts[2]]
    assert mask_cells(["K1", TOKEN, "Ann"]) == ["K1", "***", "Ann"]


def test_what_is_no_secret_stays() -> None:
    """Ordinary messages are not changed, and a mask stays as it is."""
    keep_secret(TOKEN, "abcd")
    message = "rows 2–5: 'Müller & Söhne' abcde 100% c:\\temp a=1 &amp; dGhpcyBpcyBhIHRlc3QgbWVzc2FnZQ== at 20:21:22"

    assert line(message) == message
    assert line(line(f"a {TOKEN} b")) == line(f"a {TOKEN} b") == "a *** b"


VERBOSE = (("-vv",), ("-vv", "--log-format", "json"))


@pytest.mark.parametrize("verbose", [VERBOSE[0], pytest.param(VERBOSE[1], marks=pytest.mark.long)], ids=" ".join)
def test_a_dialler_that_repeats_the_token(tmp_path: Path, verbose: tuple[str, ...]) -> None:
    """In each encoding in five places of its answers: no trace of it on the terminal, in any file, in the journal."""
    tried = [(place, encoding) for place in PLACES for encoding in ENCODINGS]

    def answered(asked: Asked) -> bytes:
        assert asked.token == TOKEN
        if "import" not in asked.target:
            return answer("", 404, "Not found")
        place, encoding = tried[int(asked.contact["UserData"])]
        return PLACES[place](ENCODINGS[encoding](asked.token))

    with hostile_dialler(answered) as url:
        configuration(url)
        contacts([str(number) for number in range(len(tried))])
        done = shell(*verbose, "import", "list.csv")

    assert done.returncode in {4, 5, 10}, said(done)
    assert "***" in "".join(text for _, text in left_behind(tmp_path))
    assert not [each for each in said(done).splitlines() if found_in(each, TOKEN)]
    assert not [(where, text) for where, text in left_behind(tmp_path) if found_in(text, TOKEN)]


RUN_PLACES: dict[str, Callable[[str], bytes]] = {
    "content type": lambda text: answer("x", 400, "No", f"text/{header_text(text)}"),
    "page of a proxy": lambda text: answer(f"<html><h1>Denied</h1> {text}</html>", 400, "Bad Request", "text/html"),
    "plain text of a proxy": lambda text: answer(f"denied {text}", 403, "Forbidden", "text/plain"),
    "Location": lambda text: answer("", 302, "Found", headers=f"Location: https://x/{header_text(text)}\r\n"),
    "not authorised": lambda text: answer({"status": 401, "error": f"the token {text} is old"}, 401, "No"),
    "no such function": lambda text: answer(text, 404, f"Not found {header_text(text)}", "text/plain"),
    "overload": lambda text: answer({"error": text}, 503, header_text(text)),
    "server error": lambda text: answer({"status": 500, "error": text, text: text}, 500, header_text(text)),
    "no HTTP": lambda text: f"HTTP/1.1 {text}\r\n\r\n".encode(),
    "header": lambda text: answer("{}", 200, "OK", headers=f"X-{header_text(text)}: \x01{header_text(text)}\r\n"),
    "coding": lambda text: answer("x", 200, "OK", headers=f"Content-Encoding: {header_text(text)}\r\n"),
    "character set": lambda text: answer("\xe4", 200, "OK", f"text/json; charset={header_text(text)}"),
    "campaign": lambda text: answer(
        {"status": 200, "records": [{"ID": text, "Name": text, text: text}], "count": text}
    ),
}
"""What is said of a whole run."""

TRIED_IN_RUNS = ("as it is", "quote in lower case", "HTML decimal", "Basic", "base64 in lines", "JSON escapes", "mixed")


COMMANDS = (("campaigns", "list"), ("contacts", "list", "-o", "json"), ("doctor",))


def one_of(place: str, encodings: tuple[str, ...] = TRIED_IN_RUNS) -> str:
    """An encoding for a place, in turn."""
    return encodings[[*RUN_PLACES].index(place) % len(encodings)]


@pytest.mark.parametrize("place", RUN_PLACES)
def test_a_dialler_that_repeats_the_token_for_all(
    run: Run, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends a run: what is said of it is masked. One encoding a place, in turn."""
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", TOKEN)
    with hostile_dialler(lambda asked: RUN_PLACES[place](ENCODINGS[one_of(place)](asked.token))) as url:
        configuration(url)
        contacts(["1", "2"])
        done = run("-vv", "import", "list.csv", "--metrics-file", "metrics")

    assert done.code in {0, 4, 5, 7, 10}, done.err
    assert not [shown for shown in (done.out + done.err).splitlines() if found_in(shown, TOKEN)]
    assert not [(where, text) for where, text in left_behind(tmp_path) if found_in(text, TOKEN)]


@pytest.mark.long
@pytest.mark.parametrize(
    "command", [("campaigns", "list"), ("contacts", "list", "-o", "json"), ("doctor",)], ids=" ".join
)
@pytest.mark.parametrize("place", RUN_PLACES)
def test_every_command_against_a_dialler_that_repeats_the_token(place: str, command: tuple[str, ...]) -> None:
    """The same of other commands, as processes, in every encoding."""
    said_of = {"": ""}
    with hostile_dialler(lambda asked: RUN_PLACES[place](ENCODINGS[said_of[""]](asked.token))) as url:
        configuration(url)
        for encoding in ENCODINGS:
            said_of[""] = encoding
            done = shell("-vv", *command)

            assert b"Traceback" not in done.stderr
            assert not [shown for shown in said(done).splitlines() if found_in(shown, TOKEN)], encoding


@pytest.mark.parametrize(
    "command",
    [
        ("plan", "list.csv", "-o", "plan.xlsx"),
        ("reconcile", "list.csv", "--with-history"),
        ("calls", "--to", "c.xlsx"),
        ("calls", "--to", "c.csv"),
        ("contacts", "list", "--out", "all.xlsx"),
        ("contacts", "list", "--out", "all.csv"),
        ("contacts", "list", "--out", "all.json"),
        ("contacts", "list", "-o", "csv"),
        ("import", "list.csv", "--compare", "dialler"),
    ],
    ids="_".join,
)
def test_files_of_a_dialler_whose_texts_are_the_token(
    run: Run, tmp_path: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What contacts, their calls and result codes hold is masked in any encoding, also when a run is told of later."""
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", TOKEN)

    def contact(key: int, text: str) -> dict[str, object]:
        call = {"StatisticsPartA": {"ID": key, "dtCallStart": "2026-11-01 10:00:00", text: text}}
        found = {"ID": key, "UserData": str(key), "DiallerCampaignsID": 538, "Name": text, text: text, "Comment": text}
        found |= {"DiallerCampaignsResultCodes": {"ID": key, "ExportKey": text, "Content": text}}
        return found | {"DiallerContactsHistory": [call]}

    texts = [encode(TOKEN) for encode in ENCODINGS.values()]
    found = [contact(key, text) for key, text in enumerate(texts, 1)]

    def answered(asked: Asked) -> bytes:
        if "import" in asked.target:
            return answer({"status": 400, "error": texts[int(asked.contact["UserData"]) - 1]}, 400, "Bad Request")
        records = [{"ID": 538, "Name": TOKEN}] if "campaigns" in asked.target else found
        return answer({"records": records, "count": len(records), "status": 200})

    with hostile_dialler(answered) as url:
        configuration(url)
        contacts([str(key) for key in range(1, len(texts) + 1)])
        done = [run(*command)]
        if command[0] == "import":
            run_id = done[0].summary["run_id"]
            done += [run("runs", "show", run_id), run("runs", "report", run_id), run("runs", "list", "--json")]

    assert done[0].code in {0, 4, 10}, done[0].err
    assert "***" in "".join([*(each.out for each in done), *(text for _, text in left_behind(tmp_path))])
    assert not [shown for each in done for shown in (each.out + each.err).splitlines() if found_in(shown, TOKEN)]
    assert not [(where, text[:300]) for where, text in left_behind(tmp_path) if found_in(text, TOKEN)]
