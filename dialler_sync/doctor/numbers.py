"""Check whether the campaign's contacts have their numbers in the form in which an import would write them."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import aclosing

from ..api.client import DiallerClient
from ..errors import RequestError, StopRun
from ..fields import PHONE_FIELDS
from .check import Check, fine, warning

ENOUGH = 500
"""Most contacts examined."""

_FORMS = {"plus": r"\+[1-9]\d*", "digits": r"[1-9]\d*"}


async def check_numbers(client: DiallerClient, campaign: int, phone_format: str) -> Check:
    """Compare the numbers of the campaign's first contacts with ``rows.phone_format``; the example is masked."""
    wanted = re.compile(_FORMS[phone_format])
    alike: Counter[bool] = Counter()
    example, looked_at = "", 0
    try:
        async with aclosing(client.list_contacts(campaign)) as records:
            async for record in records:
                for number in (str(record[name]).strip() for name in PHONE_FIELDS if record.get(name)):
                    fits = wanted.fullmatch(number) is not None
                    alike[fits] += 1
                    example = example if fits else example or f"{number[:4]}…{number[-2:]}"
                looked_at += 1
                if looked_at == ENOUGH:
                    break
    except (RequestError, StopRun) as error:
        return warning("numbers", f"the campaign's contacts cannot be read: {error}", "ask the dialler's operator")
    total = alike.total()
    if not total:
        return fine("numbers", "the campaign has no numbers yet to compare rows.phone_format with")
    if alike[False] * 2 > total:
        text = f"{alike[False]} of {total} numbers of the campaign do not match rows.phone_format: {phone_format}"
        return warning(
            "numbers", f"{text} (such as {example})", "set rows.phone_format to the format that the dialler uses"
        )
    return fine("numbers", f"{alike[True]} of {total} numbers of the campaign match rows.phone_format: {phone_format}")
