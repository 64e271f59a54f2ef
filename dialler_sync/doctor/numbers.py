"""Check whether the campaign's contacts have their numbers in the form in which an import would write them."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import aclosing

from ..api.client import DiallerClient
from ..api.wire import stored_contact
from ..errors import RequestError, StopRun
from ..fields import PHONE_FIELDS
from ..text.outward import dialler_says
from ..text.phrase import phrase
from .check import Check, fine, warning

ENOUGH = 500
"""Most contacts examined."""

_NAMES = 60
"""Most characters of names of fields that are shown."""

_FORMS = {"plus": r"\+[1-9]\d*", "digits": r"[1-9]\d*"}


async def check_numbers(client: DiallerClient, campaign: int, phone_format: str) -> Check:
    """Compare the numbers of the campaign's first contacts with ``rows.phone_format``; the example is masked."""
    wanted = re.compile(_FORMS[phone_format])
    alike: Counter[bool] = Counter()
    example, looked_at = "", 0
    known, names = False, ""
    try:
        async with aclosing(client.list_contacts(campaign)) as records:
            async for record in records:
                for number in (str(record[name]).strip() for name in PHONE_FIELDS if record.get(name)):
                    fits = wanted.fullmatch(number) is not None
                    alike[fits] += 1
                    example = example if fits else example or f"{number[:4]}…{number[-2:]}"
                known = known or bool(stored_contact(record).id)
                names = names or dialler_says(", ".join(record), _NAMES)
                looked_at += 1
                if looked_at == ENOUGH:
                    break
    except (RequestError, StopRun) as error:
        return warning(
            "numbers",
            phrase("the campaign's contacts cannot be read: {why}", why=error),
            phrase("ask the dialler's operator"),
        )
    if looked_at and not known:
        text = phrase("no contact of the campaign has a field ID; they have {names}", names=names)
        mend = phrase("ask the dialler's operator for the names that the vendor documents: ID, UserData, …")
        return warning("numbers", text, mend)
    total = alike.total()
    if not total:
        return fine("numbers", phrase("the campaign has no numbers yet to compare rows.phone_format with"))
    if alike[False] * 2 > total:
        text = phrase(
            "{number} of {total} numbers (such as {example}) do not match rows.phone_format: {form}",
            number=alike[False],
            total=total,
            example=example,
            form=phone_format,
        )
        return warning("numbers", text, phrase("set rows.phone_format to the format that the dialler uses"))
    return fine(
        "numbers",
        phrase(
            "{number} of {total} numbers of the campaign match rows.phone_format: {form}",
            number=alike[True],
            total=total,
            form=phone_format,
        ),
    )
