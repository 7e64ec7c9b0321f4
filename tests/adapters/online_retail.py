"""Online Retail II (UCI 502), a year of real invoices, as a file of the import format."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

from attrs import define, frozen

from regulars.domain.values import decimal_text
from tests.adapters.shared_data import shared_data

CURRENCY = "GBP.3"
"""The invoices are in thousandths of a pound."""

ZONE = "Europe/London"
"""Where the times of the invoices were read off the clock."""


@frozen(kw_only=True)
class Invoice:
    """A row of the source. Nobody's invoices have no customer."""

    number: str
    customer: str
    when: str
    country: str
    milli: int


@define(kw_only=True)
class _Order:
    invoice: Invoice
    refund: int = 0
    refunded_at: str = ""


def write_online_retail(folder: Path) -> list[Invoice]:
    """
    Write `orders.csv` into `folder`, and return the refunds that belong to none of its orders.

    A credit note refunds its customer's latest order before it. Orders of known customers that
    cost nothing are left out. Write-offs of bad debt, which have negative totals, are written.
    """
    orders: list[_Order] = []
    latest: dict[str, _Order] = {}
    unattributed: list[Invoice] = []
    for invoice in _invoices():
        if invoice.number.startswith("C"):
            order = latest.get(invoice.customer)
            if order is None or invoice.milli > 0:
                unattributed.append(invoice)
            else:
                order.refund -= invoice.milli
                order.refunded_at = invoice.when
        elif invoice.milli or not invoice.customer:
            orders.append(_Order(invoice=invoice))
            if invoice.customer:
                latest[invoice.customer] = orders[-1]
    _write(folder / "orders.csv", orders)
    return unattributed


def _invoices() -> Iterator[Invoice]:
    source = shared_data("online_retail/invoices_2009_2010.csv.gz")
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Invoice(
                number=row["invoice"],
                customer="" if row["cust"] == "0" else row["cust"],
                when=row["when"],
                country=row["country"],
                milli=int(row["milli"]),
            )


def _write(path: Path, orders: list[_Order]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            "order_id customer_id placed_at currency total refund refunded_at region".split()
        )
        for order in orders:
            invoice = order.invoice
            writer.writerow(
                (
                    invoice.number,
                    invoice.customer,
                    invoice.when,
                    CURRENCY,
                    decimal_text(invoice.milli, CURRENCY),
                    decimal_text(order.refund, CURRENCY) if order.refunded_at else "",
                    order.refunded_at,
                    invoice.country,
                )
            )
