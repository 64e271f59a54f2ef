"""Whatever a phone cell holds, it becomes valid numbers or a fault, and both ways of reading it agree."""

from __future__ import annotations

import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st

from dialler_sync.mapping.phones import country, quick_phone, read_phone
from dialler_sync.model import Fault

USUAL = ("DE", "AT", "CH", "FR", "GB", "IT", "ES", "US")
REGIONS = st.sampled_from(USUAL) | st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS))
SEPARATORS = st.sampled_from(["", "", "", "", " ", "-", "/", " / ", ".", "  ", ") ", "(", " -", " - ", "/0"])


def examples(region: str) -> list[str]:
    found = (phonenumbers.example_number_for_type(region, kind) for kind in phonenumbers.PhoneNumberType.values())
    return [phonenumbers.national_significant_number(number) for number in found if number]


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A number of some country as people of another may write it, right or wrong; with that other country."""
    home, region = draw(REGIONS), draw(REGIONS)
    region = home if draw(st.integers(0, 3)) else region
    code = str(phonenumbers.country_code_for_region(region))
    national = draw(st.sampled_from(examples(region)) | st.text("0123456789", min_size=2, max_size=15))
    change = draw(st.integers(-2, 8))
    if change == -2:
        national = national[: -draw(st.integers(1, 3))]
    elif change == -1:
        national += draw(st.text("0123456789", min_size=1, max_size=3))
    elif national and change < 3:
        place = draw(st.integers(0, len(national) - 1))
        national = national[:place] + draw(st.sampled_from("0123456789")) + national[place + 1 :]
    before = draw(
        st.sampled_from(["", "0", "(0)", "1", "8", "06", code, f"0{code}", f"+{code}", f"00{code}", f"011{code}"])
        | st.sampled_from([f"+{code}0", f"+{code} (0) ", f"(+{code}) ", f"+ {code} ", f"00{code}(0)"])
    )
    return before + "".join(digit + draw(SEPARATORS) for digit in national), home


@settings(max_examples=400, deadline=None)
@given(written_numbers())
def test_the_quick_way_reads_what_the_library_reads(written: tuple[str, str]) -> None:
    """The patterns made from the library's metadata never say more than the library."""
    cell, region = written
    where = country(None, region)
    quick = quick_phone(cell, where.plan)

    assert quick is None or quick == read_phone(cell, where)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=40) | st.text("0123456789+-/() .,;'ext#E", max_size=30),
    st.none() | REGIONS,
)
def test_any_text_gives_valid_numbers_or_a_fault(cell: str, region: str | None) -> None:
    """No cell can stop a run, and nothing that cannot be dialled comes out."""
    where = country(None, region)
    read = quick_phone(cell, where.plan) or read_phone(cell, where)

    if not isinstance(read, Fault):
        for number in (read,) if isinstance(read, str) else read:
            assert phonenumbers.is_valid_number(phonenumbers.parse(number))
            assert len(number) <= 16


@settings(max_examples=150, deadline=None)
@given(REGIONS, st.data())
def test_valid_numbers_are_read_in_every_official_form(region: str, data: st.DataObject) -> None:
    """A number with country code is read as it is, whoever reads it and however it is grouped."""
    number = phonenumbers.example_number(region)
    assert number is not None
    expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    form = data.draw(
        st.sampled_from([phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.E164])
    )
    where = country(None, data.draw(REGIONS))

    assert read_phone(phonenumbers.format_number(number, form), where) == expected
