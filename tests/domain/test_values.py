from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.values import BEGINNING, MOST_MINOR, Money, decimal_text, digits, is_currency
from tests.domain.fillings import currencies


@pytest.mark.parametrize(
    ("currency", "places"),
    [
        ("CNY", 2),
        ("USD", 2),
        ("JPY", 0),
        ("KRW", 0),
        ("VND", 0),
        ("XAF", 0),
        ("KWD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("GBP.3", 3),
        ("JPY.2", 2),
        ("KWD.0", 0),
    ],
)
def test_a_currency_is_counted_in_its_own_places_or_in_those_of_its_suffix(
    currency: str, places: int
) -> None:
    assert digits(currency) == places


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1999, "USD", "19.99"),
        (5, "USD", "0.05"),
        (50, "USD", "0.50"),
        (0, "USD", "0.00"),
        (-5, "USD", "-0.05"),
        (-1999, "USD", "-19.99"),
        (1999, "JPY", "1999"),
        (-7, "JPY", "-7"),
        (0, "JPY", "0"),
        (1999, "KWD", "1.999"),
        (1001, "GBP.3", "1.001"),
        (12_345, "CLF", "1.2345"),
        (10**18 + 1, "CNY", "10000000000000000.01"),
    ],
)
def test_money_is_written_in_major_units(minor: int, currency: str, text: str) -> None:
    assert decimal_text(minor, currency) == text
    assert str(Money(minor=minor, currency=currency)) == f"{text} {currency}"


@given(st.integers(), currencies)
def test_the_text_of_money_is_exact(minor: int, currency: str) -> None:
    written = Decimal(decimal_text(minor, currency)).as_tuple()

    assert written.exponent == -digits(currency)
    assert int("".join(map(str, written.digits))) == abs(minor)
    assert bool(written.sign) == (minor < 0)


def test_time_begins_with_1970() -> None:
    assert BEGINNING.isoformat() == "1970-01-01T00:00:00+00:00"


def test_a_million_of_the_largest_amounts_fit_64_bits() -> None:
    assert 10**6 * MOST_MINOR < 2**63


def test_pounds_in_thousandths_are_another_currency_than_pounds() -> None:
    assert Money(minor=1000, currency="GBP.3") != Money(minor=1000, currency="GBP")


@pytest.mark.parametrize("text", ["CNY", "JPY", "GBP.3", "GBP.0", "GBP.8"])
def test_three_capitals_with_or_without_places_are_a_currency(text: str) -> None:
    assert is_currency(text)


@pytest.mark.parametrize(
    "text",
    "CN CNYX cny Cny C1Y ÄÖÜ .3 GBP. GBP.9 GBP.33 GBP.x GBP.٣ GBP.3.3".split(),
)
def test_anything_else_is_no_currency(text: str) -> None:
    assert not is_currency(text)


def test_no_text_is_no_currency() -> None:
    assert not is_currency("")
