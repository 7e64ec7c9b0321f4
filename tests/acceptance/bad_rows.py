"""Rows that break one rule of the import format each, every rule at least once."""

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import frozen

LONG_ID: Final = "x" * 201
LONG_TEXT: Final = "x" * 10_001
NUL: Final = "before\0after"
BELL: Final = "before\x07after"
THREE: Final = "\N{ARABIC-INDIC DIGIT THREE}"
MORNING: Final = "2024-05-01T10:00:00Z"
NOON: Final = "2024-05-01T12:00:00Z"

PERFECT: Final[Mapping[str, Mapping[str, str]]] = {
    "orders": {"placed_at": MORNING, "currency": "USD", "total": "10.00", "customer_id": "ada"},
    "lines": {"sku": "soup", "quantity": "1"},
    "customers": {"name": "Somebody"},
    "merchants": {"name": "Some kitchen"},
    "reviews": {"stars": "5"},
}
"""What a row of each kind may say beside its id, which is that of its first column."""

ID: Final = {
    "orders": "order_id",
    "lines": "order_id",
    "customers": "customer_id",
    "merchants": "merchant_id",
    "reviews": "order_id",
}

_IDS: Final = ("", "   ", LONG_ID, BELL, "two\nlines")
_OPTIONAL_IDS: Final = (LONG_ID, BELL)
_TEXTS: Final = (LONG_TEXT, NUL)
_TIMES: Final = (
    "someday",
    "2024-02-30T10:00:00Z",
    "2024-05-01T25:00:00Z",
    "2024-05-01T10:00:00",
    "20240501T100000Z",
    "1714557600",
    "01.05.2024",
    "\u0662\u0660\u0662\u0664-05-01T10:00:00Z",
    "0001-01-01T00:00:00+14:00",
)
_AMOUNTS: Final = (
    "-0.01",
    "+5",
    "5.",
    ".5",
    "1e3",
    "1,000.00",
    "12,50",
    "12.345",
    "$5",
    THREE,
    "NaN",
    "Infinity",
    "0x10",
    "92233720368547758.08",
    "9" * 41,
)
_CURRENCIES: Final = ("", "usd", "US$", "DOLLAR", "USD.9", "USD.", "\uff35\uff33\uff24")
_QUANTITIES: Final = ("", "-1", "1.5", "1.0", "a few", THREE, "1000000001")
_STARS: Final = ("0", "6", "-1", "4.5", "five", THREE, "★★★")
_DAYS: Final = ("1879-12-31", "31.12.1990", "2001-02-29", "19901231", "1990-12-31T00:00:00Z")


@frozen(kw_only=True)
class Bad:
    """A row that a file of `kind` must not have, because of what its `field` says."""

    kind: str
    field: str
    cells: Mapping[str, str]

    @property
    def value(self) -> str:
        """What the field says."""
        return self.cells.get(self.field, "")


def bad_rows() -> Iterator[Bad]:
    """Every kind of row that is at fault by itself, its id left out if that is not the fault."""
    for field, values in _ORDERS.items():
        yield from (_order(field, {field: value}) for value in values)
    yield from (_order("placed_at", {"placed_at": value}) for value in ("", *_TIMES))
    yield from (_order("total", {"total": value}) for value in ("", *_AMOUNTS))
    for field in ("accepted_at", "prepared_at", "picked_up_at", "delivered_at"):
        yield from (_order(field, {field: value}) for value in _TIMES)
    for value in _TIMES:
        yield _order("cancelled_at", {"status": "cancelled", "cancelled_at": value})
        yield _order("refunded_at", {"refund": "1.00", "refunded_at": value})
    yield _order("delivered_at", {"status": "cancelled", "delivered_at": NOON})
    yield _order("cancelled_at", {"cancelled_at": NOON})
    yield _order("cancelled_at", {"status": "delivered", "cancelled_at": NOON})
    yield _order("refunded_at", {"refunded_at": NOON})
    for kind, fields in _OTHERS.items():
        for field, values in fields.items():
            for value in values:
                yield Bad(kind=kind, field=field, cells={**PERFECT[kind], field: value})
    yield Bad(kind="reviews", field="stars", cells={"reviewed_at": NOON})


def _order(field: str, cells: Mapping[str, str]) -> Bad:
    return Bad(kind="orders", field=field, cells={**PERFECT["orders"], **cells})


_ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "order_id": _IDS,
    "customer_id": _OPTIONAL_IDS,
    "merchant_id": _OPTIONAL_IDS,
    "status": ("Delivered", "lost", "canceled"),
    "currency": _CURRENCIES,
    **dict.fromkeys(("discount", "delivery_fee", "tip", "refund"), _AMOUNTS),
    "channel": ("drone", "Delivery"),
    **dict.fromkeys(("payment_method", "region"), _TEXTS),
}
_OTHERS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "lines": {
        "order_id": (*_IDS, "never-read"),
        "sku": _IDS,
        **dict.fromkeys(("name", "category"), _TEXTS),
        "quantity": _QUANTITIES,
        "unit_price": _AMOUNTS,
    },
    "customers": {
        "customer_id": _IDS,
        **dict.fromkeys(("name", "phone", "email", "gender", "occupation"), _TEXTS),
        **dict.fromkeys(("address", "source"), _TEXTS),
        "birth_date": _DAYS,
        "registered_at": _TIMES,
    },
    "merchants": {
        "merchant_id": _IDS,
        **dict.fromkeys(("name", "brand", "category", "address", "region"), _TEXTS),
    },
    "reviews": {
        "order_id": _IDS,
        **dict.fromkeys(("stars", "dish_stars", "delivery_stars"), _STARS),
        "text": _TEXTS,
        "reviewed_at": _TIMES,
    },
}
