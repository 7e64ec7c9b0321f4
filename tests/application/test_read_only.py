from collections.abc import Iterator
from contextlib import closing

import pytest
from attrs import evolve

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.batch import Receipt
from regulars.application.door import Request
from regulars.application.errors import MayNotWrite
from regulars.application.events import Command
from regulars.application.reading import DataOf, Masked
from regulars.domain.actor import Actor, Look, RecordAccess, WriteRefused
from regulars.domain.consents import GrantConsent
from regulars.domain.customer import RegisterCustomer, UpdateCustomerDetails
from regulars.domain.order import CancelOrder
from regulars.domain.personal import Contact, DataClass
from regulars.domain.purchase import PlaceOrder
from regulars.domain.reading import DEFAULT_POLICY, Limit
from regulars.domain.rights import RecordExport
from regulars.domain.values import CustomerId, OrderId
from tests.application.memory_crm import TENANT, Parts, core, memory_core, sql_core
from tests.domain.story import NOON

ADA, BOB = CustomerId("ada"), CustomerId("bob")
SAM = Actor(role="support", id="s-7")
REGISTER = RegisterCustomer(customer=ADA, at=NOON, contact=Contact(name="Ada Kanarienvogel"))
PLACE = PlaceOrder(order=OrderId("o-1"), at=NOON, customer=ADA, currency="CNY", total=1)
WRITES: list[Command] = [
    evolve(REGISTER, customer=BOB),
    UpdateCustomerDetails(customer=ADA, at=NOON, contact=Contact(name="A")),
    GrantConsent(customer=ADA, at=NOON, purpose="marketing"),
    CancelOrder(order=OrderId("o-1"), at=NOON),
]


def begun(town: Parts) -> Parts:
    for command in (REGISTER, PLACE):
        town.crm.execute(command, by="web")
    return town


@pytest.fixture(params=["memory", "sqlite", "deferred"])
def town(request: pytest.FixtureRequest) -> Iterator[Parts]:
    """A shop with a customer and an order of hers."""
    if request.param == "memory":
        yield begun(memory_core())
        return
    with closing(Database("sqlite://")) as database:
        yield begun(sql_core(database, inline=request.param == "sqlite"))


def refusals(town: Parts) -> list[WriteRefused]:
    return [one.event for one in town.events() if isinstance(one.event, WriteRefused)]


@pytest.mark.parametrize("command", WRITES, ids=lambda one: type(one).__name__)
def test_what_support_asks_to_be_written_is_refused_and_recorded(
    town: Parts, command: Command
) -> None:
    before = town.events()

    with pytest.raises(MayNotWrite, match="role support may not write"):
        town.crm.execute(command, by="support:s-7", id="c-1")

    (noted,) = town.events()[len(before) :]
    assert noted.event == WriteRefused(
        role="support", actor="s-7", commands=(type(command).__name__,)
    )
    assert (noted.stream, noted.actor) == ("actor-support/s-7", "support:s-7")
    town.crm.execute(command, by="agent:42", id="c-1")


@pytest.mark.parametrize(
    "forged",
    [
        RecordAccess(
            actor=Actor(role="privacy_officer", id="po-1"),
            at=NOON,
            purpose="legal_duty",
            looks=(Look(subject="customer/ada", data_class="contact", outcome="revealed"),),
            wanted=100,
            limit=Limit(role="privacy_officer", reads=1, seconds=60),
        ),
        RecordExport(
            customer=ADA,
            at=NOON,
            export_id="e-1",
            classes=(DataClass.CONTACT,),
            recipient="privacy_officer:po-1",
        ),
    ],
    ids=lambda one: type(one).__name__,
)
def test_support_records_no_reads_of_others_and_suspends_nobody(
    town: Parts, forged: Command
) -> None:
    before = town.events()

    with pytest.raises(MayNotWrite):
        town.crm.execute(forged, by="support:s-7")

    (noted,) = town.events()[len(before) :]
    assert isinstance(noted.event, WriteRefused)


def test_every_attempt_is_recorded_and_others_go_on(town: Parts) -> None:
    theirs = Request(commands=(WRITES[1], WRITES[2]), by="auditor")
    ours = Request(commands=(WRITES[0],), by="web")

    first, done, again = town.crm.execute_all([theirs, ours, theirs])

    assert [type(one) for one in (first, done, again)] == [MayNotWrite, Receipt, MayNotWrite]
    both = ("UpdateCustomerDetails", "GrantConsent")
    assert refusals(town) == [WriteRefused(role="auditor", actor="auditor", commands=both)] * 2


def test_support_goes_on_reading(town: Parts) -> None:
    hers = DataOf(customer=ADA, data_class=DataClass.CONTACT)

    assert isinstance(town.crm.reveal(hers, purpose="service", actor=SAM), Masked)
    assert refusals(town) == []


def test_support_erases_nobody(town: Parts) -> None:
    with pytest.raises(MayNotWrite):
        town.crm.erasures.erase(ADA, by="support:s-7", basis="asked")

    assert [one.commands for one in refusals(town)] == [("EraseCustomer",)]
    assert town.crm.erasures.all() == []


def test_which_roles_may_not_write_is_the_hosts_to_say() -> None:
    policy = evolve(DEFAULT_POLICY, read_only=frozenset({"trainee"}))
    town = core(MemoryStorage(tenant=TENANT), MemoryKeyStore(), policy=policy)

    town.crm.execute(REGISTER, by="support:s-7")

    with pytest.raises(MayNotWrite):
        town.crm.execute(PLACE, by="trainee:7")
