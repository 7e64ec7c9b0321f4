from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryLog, MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.balances import PointsBalance
from regulars.application.batch import Receipt
from regulars.application.errors import (
    IdempotencyConflict,
    InvalidId,
    InvalidPersonalData,
    StaleHistory,
)
from regulars.application.events import Command, Event, EventId, Pending, Recorded, Retired
from regulars.application.keys import KeyName
from regulars.application.ports import NOTHING_HELD
from regulars.application.reacting import POLICY
from regulars.application.sales import SALES
from regulars.application.views import View
from regulars.domain.consents import GrantConsent, WithdrawConsent
from regulars.domain.customer import (
    AddDeliveryAddress,
    CustomerAlreadyRegistered,
    CustomerRegistered,
    RegisterCustomer,
    UnknownCustomer,
)
from regulars.domain.loyalty import LoyaltyAccountOpened, PointsEarned
from regulars.domain.merchant import MerchantRegistered, RegisterMerchant
from regulars.domain.order import (
    AcceptOrder,
    CompleteOrder,
    MarkReady,
    OrderAccepted,
    OrderDelivered,
    StepTooLate,
    UnknownOrder,
)
from regulars.domain.personal import Address, Contact, DataClass
from regulars.domain.program import DefineProgram, PublishEarningRules
from regulars.domain.purchase import OrderPlaced
from regulars.domain.refund import RefundIssued
from regulars.domain.reversal import PointsReversed
from regulars.domain.values import BEGINNING, AddressId, CustomerId, Refusal
from tests.application.memory_crm import TENANT, Parts, core, memory_core, request, sql_core
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO, DELIVER, NOODLES, ORDER, PLACE, REFUND, giving
from tests.domain.story import NOON, minutes
from tests.postgres_server import new_database

REGISTER = RegisterCustomer(customer=ANNA, at=NOON, contact=Contact(name="Anna", phone="138"))
ACCEPT = AcceptOrder(order=ORDER, at=NOON + minutes(1))
EARNING = (
    DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars"),
    PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=giving(1)),
)


@pytest.fixture
def town() -> Parts:
    town = memory_core()
    town.execute(*EARNING)
    return town


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shop.db'}" if request.param == "sqlite" else new_database()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url, synchronous="NORMAL")
    yield database
    database.close()


@pytest.fixture
def other(url: str, database: Database) -> Iterator[Database]:  # noqa: ARG001 - makes it first
    other = Database(url, synchronous="NORMAL")
    yield other
    other.close()


def kinds(recorded: Sequence[Recorded]) -> list[type[Event | Retired]]:
    return [type(one.event) for one in recorded]


def test_a_command_is_recorded_with_who_asked_and_when(town: Parts) -> None:
    head = town.storage.log.head()

    receipt = town.execute(PLACE, id="r-1", by="checkout")

    (placed,) = town.events(after=head)
    told = OrderPlaced(order=ORDER, currency="CNY", total=100_00, customer=ANNA, merchant=NOODLES)
    assert placed.event == told
    assert (placed.stream, placed.version, placed.tenant) == (f"order-{ORDER}", 1, TENANT)
    assert (placed.actor, placed.correlation, placed.causation) == ("checkout", "r-1", "r-1")
    assert placed.occurred_at < placed.recorded_at
    assert receipt == Receipt(request_id="r-1", events=(told,), position=placed.position, version=1)


def test_a_command_without_an_id_gets_one_of_its_own(town: Parts) -> None:
    first = town.execute(PLACE)
    second = town.execute(ACCEPT)

    assert first.request_id != second.request_id
    assert [one.causation for one in town.events()[-2:]] == [first.request_id, second.request_id]


def test_what_a_policy_asks_for_is_recorded_along_but_is_not_in_the_receipt(town: Parts) -> None:
    town.execute(PLACE)
    head = town.storage.log.head()

    receipt = town.execute(DELIVER, id="r-2")

    delivered, opened, earned = town.events(after=head)
    assert kinds([delivered, opened, earned]) == [
        OrderDelivered,
        LoyaltyAccountOpened,
        PointsEarned,
    ]
    assert receipt.events == (delivered.event,)
    assert (receipt.position, receipt.version) == (delivered.position, 2)
    for reaction in (opened, earned):
        assert reaction.actor == POLICY
        assert reaction.correlation == "r-2"
        assert reaction.causation == delivered.event_id.hex()
        assert reaction.occurred_at == delivered.occurred_at


def test_a_conversation_keeps_its_name(town: Parts) -> None:
    town.commands.execute(evolve(request(PLACE, DELIVER, id="r-1"), correlation="talk-7"))

    assert {one.correlation for one in town.events()[-4:]} == {"talk-7"}


def test_a_command_that_changes_nothing_has_an_empty_receipt(town: Parts) -> None:
    town.execute(PLACE)
    head = town.storage.log.head()

    assert town.execute(PLACE, id="again") == Receipt(
        request_id="again", events=(), position=0, version=0
    )
    assert town.storage.log.head() == head


@pytest.mark.parametrize(
    "commands", [(PLACE,), (REGISTER,), (PLACE, ACCEPT, DELIVER), (*EARNING, PLACE)]
)
def test_a_repeat_returns_the_first_receipt_and_records_nothing(
    town: Parts, commands: tuple[RegisterCustomer, ...]
) -> None:
    first = town.execute(*commands, id="r-1")
    town.execute(RegisterMerchant(merchant=NOODLES, at=NOON))
    before = town.events(), town.rows()

    assert town.execute(*commands, id="r-1") == evolve(first, repeated=True)
    assert (town.events(), town.rows()) == before


def test_a_repeat_from_another_time_zone_is_a_repeat(town: Parts) -> None:
    town.execute(REGISTER, id="r-1")
    there = evolve(REGISTER, at=NOON.astimezone(timezone(timedelta(hours=-5))))

    assert town.execute(there, id="r-1").repeated


@pytest.mark.parametrize(
    "other_content",
    [
        (evolve(REGISTER, contact=Contact(name="Anna", phone="139")),),
        (evolve(REGISTER, contact=None),),
        (REGISTER, GrantConsent(customer=ANNA, at=NOON, purpose="marketing")),
        (PLACE,),
        (evolve(REGISTER, customer=BO),),
    ],
)
def test_an_id_with_other_content_is_refused(
    town: Parts, other_content: tuple[Command, ...]
) -> None:
    town.execute(REGISTER, id="r-1")
    before = town.events()

    with pytest.raises(IdempotencyConflict) as refused:
        town.execute(*other_content, id="r-1")

    assert refused.value.command_id == "r-1"
    assert town.events() == before


def test_a_repeat_is_known_on_another_connection(database: Database, other: Database) -> None:
    first = sql_core(database).execute(PLACE, REGISTER, id="r-1")
    there = sql_core(other)

    assert there.execute(PLACE, REGISTER, id="r-1") == evolve(first, repeated=True)
    with pytest.raises(IdempotencyConflict):
        there.execute(PLACE, id="r-1")
    assert len(there.events()) == 2


def test_of_repeats_inside_one_batch_the_first_is_recorded(town: Parts) -> None:
    head = town.storage.log.head()
    place = request(PLACE, id="r-1")

    first, between, repeat, conflict = town.execute_all(
        place, request(ACCEPT, id="r-2"), place, request(DELIVER, id="r-1")
    )

    assert isinstance(first, Receipt)
    assert isinstance(between, Receipt)
    assert repeat == evolve(first, repeated=True)
    assert isinstance(conflict, IdempotencyConflict)
    assert kinds(town.events(after=head)) == [OrderPlaced, OrderAccepted]


def test_the_receipts_of_a_batch_tell_the_place_of_each_request(town: Parts) -> None:
    town.execute(PLACE)

    delivered, again, registered = town.execute_all(
        request(ACCEPT, DELIVER), request(DELIVER), request(REGISTER)
    )

    assert isinstance(delivered, Receipt)
    assert isinstance(again, Receipt)
    assert isinstance(registered, Receipt)
    at = {one.position: (type(one.event), one.version) for one in town.events()}
    assert at[delivered.position] == (OrderDelivered, delivered.version)
    assert at[registered.position] == (CustomerRegistered, registered.version)
    assert again.events == ()


def test_a_refused_request_leaves_the_others_of_its_batch(town: Parts) -> None:
    head = town.storage.log.head()

    outcomes = town.execute_all(
        request(PLACE),
        request(MarkReady(order=ORDER, at=NOON), ACCEPT),  # refused after it changed the state
        request(ACCEPT),
        request(evolve(REGISTER, contact=Contact(name=" "))),  # refused at the door
        request(GrantConsent(customer=BO, at=NOON, purpose="marketing")),
        request(REGISTER),
    )

    assert [type(outcome) for outcome in outcomes] == [
        Receipt,
        StepTooLate,
        Receipt,
        InvalidPersonalData,
        UnknownCustomer,
        Receipt,
    ]
    assert [(one.version, type(one.event)) for one in town.events(after=head)] == [
        (1, OrderPlaced),
        (2, OrderAccepted),
        (1, CustomerRegistered),
    ]


def test_a_request_that_is_refused_at_last_records_nothing_of_its_reactions(town: Parts) -> None:
    outcomes = town.execute_all(
        request(PLACE), request(DELIVER, REFUND, evolve(REFUND, amount=1)), request(DELIVER, REFUND)
    )

    assert isinstance(outcomes[1], Refusal)
    assert kinds(town.events())[2:] == [
        OrderPlaced,
        OrderDelivered,
        RefundIssued,
        LoyaltyAccountOpened,
        PointsEarned,
        PointsReversed,
    ]
    assert [one.version for one in town.storage.log.stream(f"order-{ORDER}")] == [1, 2, 3]


def test_a_request_of_several_commands_is_recorded_whole_or_not_at_all(town: Parts) -> None:
    before = town.events(), town.rows()

    with pytest.raises(CustomerAlreadyRegistered):
        town.execute(REGISTER, PLACE, REGISTER)
    assert (town.events(), town.rows()) == before

    receipt = town.execute(REGISTER, PLACE)
    assert kinds(town.events()[-2:]) == [CustomerRegistered, OrderPlaced]
    assert (receipt.position, receipt.version) == (4, 1)


def test_a_refused_request_may_be_asked_again(town: Parts) -> None:
    with pytest.raises(UnknownOrder):
        town.execute(ACCEPT, id="r-1")
    town.execute(PLACE)

    assert town.execute(ACCEPT, id="r-1").repeated is False


def test_no_requests_have_no_outcomes(town: Parts) -> None:
    assert town.execute_all() == []
    assert town.execute().events == ()


def test_a_state_that_another_connection_went_past_is_read_again(
    database: Database, other: Database
) -> None:
    here, there = sql_core(database), sql_core(other)
    here.execute(*EARNING, PLACE)
    there.execute(ACCEPT, DELIVER)

    with pytest.raises(StepTooLate):
        here.execute(MarkReady(order=ORDER, at=NOON))
    here.execute(CompleteOrder(order=ORDER, at=NOON + minutes(60)))

    versions = [one.version for one in there.storage.log.stream(f"order-{ORDER}")]
    assert versions == [1, 2, 3, 4]
    assert there.rows() == here.rows()
    assert {view: len(rows) for view, rows in here.rows().items() if view == "ledger"} == {
        "ledger": 1
    }


def test_what_another_connection_did_decides_what_can_be(
    database: Database, other: Database
) -> None:
    here, there = sql_core(database), sql_core(other)
    here.execute(*EARNING, PLACE)
    there.execute(DELIVER)

    assert len(here.execute(REFUND).events) == 1
    assert there.execute(REFUND).events == ()


class CutOff(MemoryStorage):
    """A store that loses its power just before it keeps a transaction, once."""

    power = True

    @contextmanager
    def transaction(self) -> Generator[None]:
        with super().transaction():
            yield
            if not self.power:
                self.power = True
                raise PowerCut


class PowerCut(Exception):
    """Ends a transaction before it is kept."""


def test_views_do_not_count_on_what_was_not_kept() -> None:
    storage = CutOff(tenant=TENANT)
    here, there = core(storage, MemoryKeyStore()), core(storage, MemoryKeyStore(), inline=False)
    here.execute(*EARNING, PLACE)
    storage.power = False
    with pytest.raises(PowerCut):
        here.execute(DELIVER)

    there.execute(DELIVER)

    found = here.crm.ask(PointsBalance(customer=ANNA))
    assert found is not None
    assert found.balance == 100


class Contended(MemoryLog):
    """A log to which somebody else appends first, some times."""

    def __init__(self, *, tenant: str, times: int) -> None:
        super().__init__(tenant=tenant)
        self.times = times

    def append(
        self, events: Sequence[Pending], *, recorded_at: int, held: Mapping[str, int] = NOTHING_HELD
    ) -> int:
        if self.times:
            self.times -= 1
            end = len(list(self.stream("merchant-noodles")))
            rival = events[0]._replace(
                stream="merchant-noodles",
                version=end + 1,
                event=MerchantRegistered(merchant=NOODLES, name=str(end)),
                event_id=EventId(end.to_bytes(16, "big")),
            )
            super().append([rival], recorded_at=recorded_at, held=held)
            raise StaleHistory(stream=events[0].stream)
        return super().append(events, recorded_at=recorded_at, held=held)


def contended(times: int) -> Parts:
    storage = MemoryStorage(tenant=TENANT)
    storage.log = Contended(tenant=TENANT, times=times)
    return core(storage, MemoryKeyStore())


def test_a_command_that_somebody_else_came_before_is_decided_again() -> None:
    town = contended(times=4)

    assert town.execute(PLACE).version == 1


def test_a_command_that_always_comes_too_late_is_given_up() -> None:
    with pytest.raises(StaleHistory):
        contended(times=5).execute(PLACE)


class PoisonedView(Exception):
    """What the broken view raises."""


def _poisoned(*_: object) -> None:
    raise PoisonedView


POISONED: View[object, object] = View(
    name="poisoned",
    version=1,
    row=SALES.row,
    key=SALES.key,
    reads=frozenset({CustomerRegistered}),
    parts=lambda _: [((1, "CNY"), None)],
    fold=_poisoned,
)


@pytest.mark.parametrize("open_core", ["memory", "sql"])
def test_of_a_command_whose_views_cannot_follow_nothing_is_kept(
    database: Database, open_core: str
) -> None:
    views: list[View[Any, Any]] = [SALES, POISONED]
    town = memory_core(views=views) if open_core == "memory" else sql_core(database, views=views)
    town.execute(PLACE)
    before = town.events()

    with pytest.raises(PoisonedView):
        town.execute(ACCEPT, REGISTER)

    assert town.events() == before
    assert town.storage.views.checkpoint(SALES) == before[-1].position
    assert town.execute(ACCEPT).version == 2
    with pytest.raises(UnknownCustomer):
        town.execute(GrantConsent(customer=ANNA, at=NOON, purpose="marketing"))


def test_a_command_that_is_a_bug_leaves_a_core_without_views_as_it_was() -> None:
    town = memory_core(inline=False)
    town.execute(PLACE)
    broken = evolve(ACCEPT, at=NOON.replace(tzinfo=None))

    with pytest.raises(ValueError, match="time zone"):
        town.execute(broken)

    assert town.execute(ACCEPT).version == 2


def test_a_key_that_was_made_for_a_command_that_failed_is_not_used(database: Database) -> None:
    town = sql_core(database, views=[POISONED])
    name = KeyName(TENANT, f"customer/{ANNA}", DataClass.CONTACT)
    with pytest.raises(PoisonedView):
        town.execute(REGISTER)
    assert town.keys.get_many([name]) == {}

    again = sql_core(database, views=[])
    town.door.admit(request(REGISTER, id="r-1"))
    assert town.keys.get_many([name]) == again.keys.get_many([name]) != {}


def test_states_that_were_long_not_asked_for_are_forgotten_and_come_back() -> None:
    town = memory_core(inline=False)
    town.execute_all(
        *(
            request(RegisterCustomer(customer=CustomerId(str(number)), at=NOON))
            for number in range(10_050)
        )
    )

    outcomes = town.execute_all(
        *(
            request(RegisterCustomer(customer=CustomerId(str(number)), at=NOON))
            for number in (0, 10_049)
        )
    )

    assert [type(outcome) for outcome in outcomes] == [CustomerAlreadyRegistered] * 2


def test_a_home_that_is_added_twice_in_one_request_is_refused(town: Parts) -> None:
    home = AddDeliveryAddress(
        customer=ANNA, at=NOON, address_id=AddressId("home"), address=Address(text="Lane 7")
    )

    with pytest.raises(Refusal):
        town.execute(REGISTER, home, home)

    assert list(town.storage.log.stream(f"customer-{ANNA}")) == []


def test_an_id_is_known_though_its_first_command_had_nothing_to_record(town: Parts) -> None:
    town.execute(REGISTER)
    nothing = WithdrawConsent(customer=ANNA, at=NOON, purpose="analytics")
    news = GrantConsent(customer=ANNA, at=NOON, purpose="marketing")
    calls = GrantConsent(customer=ANNA, at=NOON, purpose="analytics")
    first = town.commands.execute(request(nothing, news, id="r-9"))

    with pytest.raises(IdempotencyConflict):
        town.commands.execute(request(calls, id="r-9"))

    assert town.commands.execute(request(nothing, news, id="r-9")) == evolve(first, repeated=True)


def test_a_batch_remembers_no_more_of_what_recorded_nothing_than_the_log(town: Parts) -> None:
    town.execute(REGISTER)
    nothing = WithdrawConsent(customer=ANNA, at=NOON, purpose="analytics")
    news = GrantConsent(customer=ANNA, at=NOON, purpose="marketing")

    outcomes = town.commands.execute_all([request(nothing, id="r-9"), request(news, id="r-9")])

    assert [isinstance(outcome, Receipt) for outcome in outcomes] == [True, True]


def test_a_request_that_is_refused_at_the_door_makes_no_key(database: Database) -> None:
    town = sql_core(database)

    outcomes = town.commands.execute_all(
        [request(evolve(REGISTER, customer=CustomerId(" ")), id="r-1"), request(REGISTER, id="r-2")]
    )

    assert isinstance(outcomes[0], InvalidId)
    subjects = database.driver.execute("SELECT DISTINCT subject FROM keys WHERE subject <> 'marks'")
    assert subjects.fetchall() == [(f"customer/{ANNA}",)]
