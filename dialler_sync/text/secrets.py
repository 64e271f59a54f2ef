"""Find secrets in a text, in any usual encoding, and mask them.

A text is searched as it is, and in every reading of it: escapes undone (URL, HTML, JSON, backslash, quoted-printable),
base64 and base32 at every alignment, numbers of characters (hex, decimal), and readings of readings. Each reading
knows where in the text its characters come from, so that just the secret is masked.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import unquote

from .needles import (
    LETTERS_READ,
    PART,
    READ,
    SHORTEST,
    SURE,
    TO_BASE32HEX,
    as_compared,
    both_ways,
    coded_letters,
    cores_in_base32,
    cores_in_base64,
    cores_of_nested,
    in_bytes,
    in_other_bytes,
    letters_of,
    nested_letters,
    parts_of,
    spellings,
)
from .quick_look import QuickLook
from .readings import SQUEEZED, Reading, Sought, readings, unescaped

MASK = "***"

_ALONE = 8
"""Fewest characters of a secret that counts within a word; a shorter one must be a word of its own."""

_ALONE_WITHOUT_SIGNS = 12
"""Fewest letters and digits of a secret that is found with any signs between them."""

_DEEPEST = 4
"""Most encodings inside each other."""

_WINDOW, _OVERLAP = 16_384, 4_096
"""Characters searched at once, and those searched again with the next window."""

_MOST_READINGS = 40
"""Most characters read of a text, in multiples of its length (at least 2,000). A text that needs more is hostile, and
is masked as a whole."""

_SHORT_READING = 40
"""Most characters of a reading that is searched again rather than recognised by its place."""


class Secrets:
    """The secrets of this process. Secrets too short to tell from ordinary words are left out."""

    def __init__(self) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._is_ready = True
        self._needles: tuple[str, ...] = ()
        self._letters: tuple[str, ...] = ()
        self._sought = Sought()
        self._shortest = 0
        self._quick = QuickLook()
        self._masked = lru_cache(maxsize=4_096)(self._mask)
        self._spans = lru_cache(maxsize=64)(self._search_all)  # long texts often repeat

    def add(self, *secrets: str | None) -> None:
        """Register secrets for masking; of a text of several lines each line.

        A secret that looks escaped (``a%20b``) counts unescaped, too: in another encoding both are undone at once.
        """
        lines = {each.strip() for secret in secrets if secret for each in (secret, *secret.splitlines())}
        given = {spelling for each in lines | set(map(unescaped, lines)) for spelling in spellings(each)}
        new = {each for each in given if len(each.translate(SQUEEZED)) >= SHORTEST} - self._secrets
        if new:
            self._secrets |= new
            self._is_ready = False  # preparing takes long, and a night adds the secrets of hundreds of campaigns

    def clear(self) -> None:
        """Forget all secrets."""
        if self._secrets:
            self._secrets = frozenset()
            self._is_ready = False

    def mask(self, text: str, *, bulk: bool = False) -> str:
        """Return the text with each secret in it, however encoded, as ``***``.

        ``bulk``: run a quick test first.
        """
        if not self._is_ready:
            self._prepare()
        if not self._secrets or len(text) < self._shortest:
            return text
        if len(text) <= _WINDOW:
            return self._masked(text) if not bulk or self._quick.may_hold(text) else text
        spans = []
        for start in range(0, len(text), _WINDOW - _OVERLAP):
            window = text[start : start + _WINDOW]
            if self._quick.may_hold(window):
                spans += [(start + first, start + last) for first, last in self._spans(window)]
        return _without(text, spans)

    def _prepare(self) -> None:
        secrets = self._secrets
        self._masked.cache_clear()
        self._spans.cache_clear()
        forms = {form for secret in secrets for form in (as_compared(secret), as_compared(in_bytes(secret)))}
        turned = {*(form[::-1] for form in forms), *(codecs.encode(form, "rot13") for form in forms)}
        parts = {part for form in forms | turned if len(form) >= 2 * PART for part in parts_of(form)}
        self._needles = tuple(sorted({*forms, *turned, *parts}, key=len, reverse=True))
        raw = [secret.encode("utf-8", "surrogatepass") for secret in secrets]
        reversed_ = [secret[::-1].encode("utf-8", "surrogatepass") for secret in secrets]
        others = [data for secret in secrets for data in in_other_bytes(secret)]
        cores = tuple({core for secret in (*raw, *reversed_, *others) for core in cores_in_base32(secret)})
        in_base32 = (cores, tuple(core.translate(TO_BASE32HEX) for core in cores))
        nested = {core for secret in raw for core in cores_of_nested(secret)} | {*cores}
        sought_in_base32 = (tuple(nested), tuple(core.translate(TO_BASE32HEX) for core in nested))
        letters = {letters_of(needle) for needle in self._needles if needle not in parts}
        coded = {each for secret in (*raw, *others) for each in coded_letters(secret)}
        letters |= coded
        letters |= {part for form in letters if len(form) >= 2 * PART for part in parts_of(form)}
        letters_of_base32 = {form for each in (*in_base32[0], *in_base32[1]) for form in both_ways(each.decode())}
        letters |= letters_of_base32
        self._letters = tuple(needle for needle in letters if len(needle) >= _ALONE_WITHOUT_SIGNS)
        inside = {letters_of(core) for secret in raw for core in nested_letters(secret)}
        inside |= {letters_of(core) for secret in reversed_ for core in cores_in_base64(secret)}
        told_by = {*map(letters_of, forms | turned), *coded}
        whole = {each for each in told_by if len(each) >= _ALONE_WITHOUT_SIGNS}
        whole |= {each for each in inside | letters_of_base32 if len(each) >= SURE}  # the others would take their time
        self._quick = QuickLook(forms | turned, whole, [*raw, *others])
        self._shortest = min(map(len, self._needles), default=0)
        fewest = min(map(len, (*self._needles, *self._letters)), default=0)
        held = {sign for needle in (*self._needles, *self._letters) for sign in needle}
        parting = bytes(number for number in range(128, 256) if LETTERS_READ[number] not in {None, *held})
        self._sought = Sought(self._shortest, fewest, sought_in_base32, parting)
        self._is_ready = secrets == self._secrets  # another thread may have added some

    def _mask(self, text: str) -> str:
        return _without(text, self._spans(text))

    def _search_all(self, text: str) -> list[tuple[int, int]]:
        places = range(len(text) + 1)
        waiting = [(Reading(text, lambda: (places[:-1], places[1:])), 0)]
        left = _MOST_READINGS * max(len(text), 2_000)
        seen = {text: waiting[0][0]}
        again: list[tuple[Reading, int]] = []
        holding: list[Reading] = []
        found: list[tuple[int, int]] = []
        for reading, depth in waiting:
            spans = [*self._found(reading)]
            found += spans
            holding += [reading] if spans else []
            for other in readings(reading, self._sought) if depth < _DEEPEST else ():
                if seen.setdefault(other.text, other) is not other:
                    again.append((other, depth + 1))
                    continue
                left -= len(other.text)
                if left < 0:
                    return [(0, len(text))]
                waiting.append((other, depth + 1))
        # A reading with the same text may stand elsewhere in the original.
        leading = _leading(holding, [reading for reading, _ in again])
        seen_at: set[tuple[str, int]] = set()
        for reading, depth in again:
            if reading.text not in leading:
                continue
            if len(reading.text) > _SHORT_READING:
                seen_at.add((reading.text, seen[reading.text].first))
                if (reading.text, reading.first) in seen_at:
                    continue
                seen_at.add((reading.text, reading.first))
            left -= len(reading.text)
            if left < 0:
                return [(0, len(text))]
            found += self._found(reading)
            again += [(other, depth + 1) for other in readings(reading, self._sought)] if depth < _DEEPEST else []
        return found

    def _found(self, reading: Reading) -> Iterator[tuple[int, int]]:
        text = reading.text
        for table, needles in ((READ, self._needles), (LETTERS_READ, self._letters)):
            low = table.read(text)
            held = [needle for needle in needles if needle in low]
            if held:
                kept = [place for place, sign in enumerate(text) if table[ord(sign)] is not None]
                yield from self._search(reading, low, kept, held)

    def _search(
        self, reading: Reading, low: str, kept: Sequence[int], needles: Sequence[str]
    ) -> Iterator[tuple[int, int]]:
        starts, ends = reading.places
        for needle in needles:
            at = low.find(needle)
            while at >= 0:
                first, last = kept[at], kept[at + len(needle) - 1]
                if len(needle) >= _ALONE or _is_word(reading.text, first, last):
                    yield starts[first], ends[last]
                at = low.find(needle, at + 1)


def _leading(holding: Sequence[Reading], again: Sequence[Reading]) -> set[str]:
    """Return the texts that hold a secret, and their source texts. ``again``: readings that repeat the text of
    another."""
    texts: set[str] = set()
    known = -1
    while known < len(texts):
        known = len(texts)
        for reading in (*holding, *(each for each in again if each.text in texts)):
            source: Reading | None = reading
            while source:
                texts.add(source.text)
                source = source.source
    return texts


def _is_word(text: str, first: int, last: int) -> bool:
    return not (text[first - 1 : first].isalnum() and text[first].isalnum()) and not (
        text[last + 1 : last + 2].isalnum() and text[last].isalnum()
    )


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for first, last in sorted(spans):
        if first >= at:
            pieces += [text[at:first], MASK]
        at = max(at, last)
    return "".join([*pieces, text[at:]]) if spans else text


def url_secrets(url: str) -> Iterator[str]:
    """Yield the secrets in a URL that may be malformed: its password, up to the last ``@``, and passwords among its
    parameters; as written and decoded."""
    rest = url.partition("://")[2] or url.lstrip("/")
    before = rest.rpartition("@")[0]
    password = before.partition(":")[2] or before
    for secret in (password, *_PASSWORDS.findall(url)):
        bare = secret[1:-1] if secret[:1] == "'" == secret[-1:] else secret
        yield from (secret, bare, unquote(bare))


_PASSWORDS = re.compile(r"(?i)(?:password|passwd|pwd)\s*=\s*('(?:\\.|[^'])*'|[^\s&#]+)")
