"""
A host records what people tell of themselves, and none of it is found anywhere.

Every detail is a canary (`regulars.testing.canaries`). Searched is all that a host could keep of
it: database, write-ahead log, key file, temporary files, log, exceptions, and every `repr`.
"""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, cast

import pytest
from attrs import evolve

from regulars import Crm, Request, connect
from regulars.application.aggregates import CUSTOMER
from regulars.application.balances import PointsBalance
from regulars.application.customer import CustomerProfile
from regulars.application.events import Command
from regulars.application.postings import PointsLedger
from regulars.application.report import SalesReport
from regulars.domain.consents import GrantConsent
from regulars.domain.customer import AddDeliveryAddress, RegisterCustomer, UpdateCustomerDetails
from regulars.domain.order import MarkDelivered
from regulars.domain.personal import Address, Contact, Content, Profile
from regulars.domain.purchase import PlaceOrder
from regulars.domain.review import SubmitReview
from regulars.domain.values import AddressId, CustomerId, OrderId
from tests.acceptance import aviary
from tests.acceptance.aviary import CANARIES
from tests.acceptance.killed import DATABASE
from tests.acceptance.overheard import Overheard
from tests.acceptance.recorded import boxes, opened_log

AT: Final = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
ZOFIE: Final = CustomerId("zofie")
ORDER: Final = OrderId("order-of-zofie")

REGISTER: Final = RegisterCustomer(
    customer=ZOFIE,
    at=AT,
    contact=aviary.CONTACT,
    profile=aviary.PROFILE,
    extra=aviary.COLUMNS,
)
ADD_ADDRESS: Final = AddDeliveryAddress(
    customer=ZOFIE, at=AT, address_id=AddressId("home"), address=aviary.ADDRESS
)
PLACE: Final = PlaceOrder(
    order=ORDER,
    at=AT,
    currency="USD",
    total=1_999,
    customer=ZOFIE,
    extra=Content(extra=(("note", aviary.NOTE),)),
)
REVIEW: Final = SubmitReview(order=ORDER, at=AT, customer=ZOFIE, stars=5, text=aviary.OPINION)
STORY: Final[tuple[Command, ...]] = (
    REGISTER,
    UpdateCustomerDetails(customer=ZOFIE, at=AT, contact=aviary.CONTACT, profile=aviary.PROFILE),
    ADD_ADDRESS,
    PLACE,
    MarkDelivered(order=ORDER, at=AT),
    REVIEW,
)
"""What a host may tell of a person, every detail of it."""

REMINDERS: Final = tuple(
    GrantConsent(customer=ZOFIE, at=AT, purpose="marketing", policy_version=str(number))
    for number in range(CUSTOMER.snapshot_every or 0)
)
"""Consents enough to be worth a snapshot of the person's stream."""

_OTHER: Final = CustomerId("other")
REFUSED: Final[tuple[Command, ...]] = (
    REGISTER,
    evolve(REGISTER, customer=CustomerId("")),
    evolve(REGISTER, customer=_OTHER, contact=Contact(name=f"{aviary.NAME}\0")),
    evolve(REGISTER, customer=_OTHER, contact=Contact(name=aviary.NAME * 1_000)),
    evolve(REGISTER, customer=_OTHER, contact=Contact(name=aviary.NAME, phone=" ")),
    evolve(REGISTER, customer=_OTHER, contact=Contact(email=f"\ud800{aviary.EMAIL}")),
    evolve(
        REGISTER,
        customer=_OTHER,
        profile=Profile(birth_date=date(1713, 7, 29), occupation=aviary.WORK),
    ),
    evolve(REGISTER, customer=_OTHER, extra=Content(extra=(("diet", f"{aviary.DIET}\0"),))),
    UpdateCustomerDetails(customer=_OTHER, at=AT, contact=aviary.CONTACT),
    ADD_ADDRESS,
    evolve(ADD_ADDRESS, customer=_OTHER),
    evolve(ADD_ADDRESS, address=Address(text=f"{aviary.HOME}\ud800")),
    evolve(PLACE, total=-1),
    evolve(PLACE, total=2_999),
    evolve(PLACE, order=OrderId("o2"), extra=Content(text=aviary.NOTE * 1_000)),
    REVIEW,
    evolve(REVIEW, order=OrderId("never placed")),
    evolve(REVIEW, text=Content(text=f"{aviary.REVIEW}\0")),
)
"""Commands with canaries that cannot be."""

MISTAKEN: Final[tuple[dict[str, Any], ...]] = (
    {"contact": aviary.NAME},
    {"contact": {"name": aviary.NAME}},
    {"contact": aviary.ADDRESS},
    {"contact": Contact(name=cast("Any", aviary.NAME.encode()))},
    {"contact": Contact(name=cast("Any", [aviary.NAME]))},
    {"profile": Profile(birth_date=cast("Any", aviary.BORN.isoformat()))},
    {"profile": Profile(birth_date=cast("Any", aviary.PHONE))},
    {"extra": (("diet", aviary.DIET),)},
    {"extra": Content(extra=cast("Any", aviary.DIET))},
    {"extra": Content(extra=cast("Any", ((aviary.DIET, 1),)))},
)
"""Fields of a registration that are of a wrong type: bugs of a host."""


def test_recorded_by_a_host_it_is_found_nowhere(
    tmp_path: Path, overheard: Overheard, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / DATABASE
    with connect(f"sqlite:///{path}", environment={}) as crm:
        for number, command in enumerate(STORY):
            overheard.text("a command", command)
            for _ in range(2):
                overheard.text("a receipt", crm.execute(command, by="app", id=f"c{number}"))
        crm.execute_all([Request(commands=REMINDERS, by="app")])
        _refuse(crm, overheard)
        _break(crm, path, overheard)
        _look_around(crm, overheard)
        overheard.folder(tmp_path)
        assert (tmp_path / f"{DATABASE}-wal").stat().st_size > 0

    overheard.folder(tmp_path)
    overheard.finds += CANARIES.in_database(f"sqlite:///{path}")
    overheard.log(caplog)
    assert {record.name.split(".")[0] for record in caplog.records} >= {"regulars", "sqlalchemy"}
    assert overheard.finds == []
    assert overheard.texts > 120
    # All of it is there all the same, for whoever has the keys.
    with opened_log(path) as (log, vault):
        opened = [value for one in log.read() for value in boxes(one, vault).values()]
    assert {aviary.CONTACT, aviary.PROFILE, aviary.ADDRESS, aviary.OPINION} <= {*opened}


def _refuse(crm: Crm, overheard: Overheard) -> None:
    changed = evolve(REGISTER, contact=Contact(name=f"{aviary.NAME} the second"))
    with pytest.raises(Exception, match="other content") as refusal:
        crm.execute(changed, by="app", id="c0")
    overheard.error("a conflict", refusal.value)
    for command in REFUSED:
        with pytest.raises(Exception) as refusal:  # noqa: PT011 - whichever it is, it must not tell
            crm.execute(command, by="app")
        overheard.error("a refusal", refusal.value)
    for fields in MISTAKEN:
        mistaken = evolve(REGISTER, customer=_OTHER, **fields)
        try:
            crm.execute(mistaken, by="app")
        except Exception as error:  # noqa: BLE001 - whichever it is, it must not tell
            overheard.error("a mistake", error)
    requests = [Request(id=None, commands=(command,), by="app") for command in REFUSED]
    overheard.text("outcomes", crm.execute_all(requests))


def _break(crm: Crm, path: Path, overheard: Overheard) -> None:
    """Makes the database fail in the middle of a command, by another connection."""
    for table in ("events", "keys", "view_customers_3"):
        with closing(sqlite3.connect(path)) as other:
            other.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
            command = evolve(REGISTER, customer=CustomerId(f"while {table} are away"))
            with pytest.raises(Exception) as failure:  # noqa: PT011 - whichever, it must not tell
                crm.execute(command, by="app")
            overheard.error("a failure", failure.value)
            other.execute(f"ALTER TABLE elsewhere RENAME TO {table}")


def _look_around(crm: Crm, overheard: Overheard) -> None:
    """Everything that can be asked."""
    for query in (
        CustomerProfile(customer=ZOFIE, timezone=UTC),
        PointsBalance(customer=ZOFIE),
        PointsLedger(customer=ZOFIE),
        SalesReport(timezone=UTC),
    ):
        overheard.text("a query", query, crm.ask(query), crm.ask(query, as_of=AT))
    overheard.text("the log of events", *crm.events())
    overheard.text("the findings", *crm.findings())
    verdict = crm.verify()
    assert verdict.sound
    assert verdict.snapshots == 1
    overheard.text("the verdict", verdict)
