"""Ids, money and time: the values that every aggregate speaks in."""

from datetime import UTC, datetime
from typing import Final, NewType

from attrs import frozen

CustomerId = NewType("CustomerId", str)
MerchantId = NewType("MerchantId", str)
OrderId = NewType("OrderId", str)
ItemId = NewType("ItemId", str)
AddressId = NewType("AddressId", str)
CardId = NewType("CardId", str)
RefundId = NewType("RefundId", str)
ProgramId = NewType("ProgramId", str)
OfferId = NewType("OfferId", str)
CouponId = NewType("CouponId", str)
CampaignId = NewType("CampaignId", str)
GrantId = NewType("GrantId", str)
LotId = NewType("LotId", str)
ReservationId = NewType("ReservationId", str)
RedemptionId = NewType("RedemptionId", str)
RewardId = NewType("RewardId", str)
OccasionId = NewType("OccasionId", str)
AdjustmentId = NewType("AdjustmentId", str)
TransferId = NewType("TransferId", str)
ErasureId = NewType("ErasureId", str)
SubjectRequestId = NewType("SubjectRequestId", str)

LONGEST_ID: Final = 200
"""How many characters an id has at most."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment given to facts that have no moment of their own, such as the default programme."""

_LETTERS: Final = 3

# ISO 4217, list one: the currencies whose minor unit is not a hundredth.
_DIGITS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


def digits(currency: str) -> int:
    """
    Decimal places in which amounts of `currency` are counted.

    An ISO 4217 code has its own (USD 2, JPY 0, KWD 3).
    A code with a suffix counts finer than its coins do: `GBP.3` is pounds in thousandths,
    for trades whose prices are finer than a penny. The two are different currencies here.
    """
    code, _, finer = currency.partition(".")
    return int(finer) if finer else _DIGITS.get(code, 2)


def is_currency(text: str) -> bool:
    """Whether `text` is three capital letters, alone or with the decimal places kept, as GBP.3."""
    code, dot, finer = text.partition(".")
    well_formed = code.isascii() and code.isalpha() and code.isupper() and len(code) == _LETTERS
    return well_formed and (not dot or (len(finer) == 1 and finer in "012345678"))


MOST_MINOR: Final = 10**12
"""The largest amount of one order, refund or price: sums of millions of them fit 64 bits."""


@frozen(kw_only=True)
class Money:
    """An exact amount: `minor` counts the smallest units of `currency` (see `digits`)."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return f"{decimal_text(self.minor, self.currency)} {self.currency}"


def decimal_text(minor: int, currency: str) -> str:
    """`minor` units of `currency` in major units: 1999 of USD is 19.99."""
    places = digits(currency)
    if not places:
        return str(minor)
    whole, rest = divmod(abs(minor), 10**places)
    return f"{'-' if minor < 0 else ''}{whole}.{rest:0{places}d}"


class Refusal(Exception):
    """
    A command was refused and nothing was recorded.

    Every aggregate names its own refusals below this one, with the fields that explain them.
    """
