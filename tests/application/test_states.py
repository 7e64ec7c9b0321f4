from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import pytest
from attrs import evolve

from regulars.adapters.database import Database
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.memory import MemoryLog, MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.memory_snapshots import MemorySnapshots
from regulars.adapters.storage import SqlStorage
from regulars.application.aggregates import ACCOUNT, CUSTOMER, ORDER, Aggregate, account_stream
from regulars.application.batch import Outcome
from regulars.application.catalogue import VIEWS
from regulars.application.events import Command, Event, Fact, Occurrence
from regulars.application.ports import Storage
from regulars.application.snapshots import Snapshot
from regulars.application.states import Held, States
from regulars.domain.consents import Consents, GrantConsent, WithdrawConsent
from regulars.domain.customer import Customer, RegisterCustomer
from regulars.domain.earning import Evaluation
from regulars.domain.loyalty import AwardPoints, LoyaltyAccountOpened, PointsEarned
from regulars.domain.purchase import PlaceOrder
from regulars.domain.values import LotId, OrderId
from regulars.testing.pending_events import append, pending
from tests.adapters.older_events import LONG_LIVED, older
from tests.application.memory_crm import TENANT, Parts, core, request
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO, PLACE
from tests.domain.story import NOON

STREAM = f"customer-{ANNA}"
EVERY = CUSTOMER.snapshot_every or 0
ONE_POINT = Evaluation(points=1, desired=1, exact_numerator=1, exact_denominator=1)
WITHDRAW = WithdrawConsent(customer=ANNA, at=NOON, purpose="marketing", channel="sms")


class CountingLog(MemoryLog):
    """A log that counts the events of streams that it gives."""

    given = 0

    def facts(self, name: str, *, after: int = 0) -> Iterator[Fact]:
        for fact in super().facts(name, after=after):
            self.given += 1
            yield fact

    def streams(self, names: Collection[str]) -> dict[str, list[Occurrence]]:
        found = super().streams(names)
        self.given += sum(map(len, found.values()))
        return found


class NeverAsked(MemorySnapshots):
    """Snapshots that nobody may want."""

    def load(self, wanted: Mapping[str, Aggregate]) -> dict[str, Snapshot]:
        raise AssertionError(wanted)


@pytest.fixture
def log() -> CountingLog:
    return CountingLog(tenant=TENANT)


@pytest.fixture
def storage(log: CountingLog) -> MemoryStorage:
    storage = MemoryStorage(tenant=TENANT)
    storage.log = log
    return storage


@pytest.fixture
def keys() -> MemoryKeyStore:
    return MemoryKeyStore()


@pytest.fixture
def town(storage: MemoryStorage, keys: MemoryKeyStore) -> Parts:
    return core(storage, keys)


def granted(count: int, start: int = 0) -> list[Command]:
    """As many consents, each an event of Anna's stream."""
    texts = range(start, start + count)
    return [
        GrantConsent(
            customer=ANNA, at=NOON, purpose="marketing", channel="sms", policy_version=str(number)
        )
        for number in texts
    ]


def tell(town: Parts, versions: int) -> None:
    """Anna's stream up to that version, an event a command."""
    town.execute(RegisterCustomer(customer=ANNA, at=NOON), *granted(versions - 1))


def kept(storage: Storage, stream: str = STREAM, aggregate: Aggregate = CUSTOMER) -> int:
    """The version up to which a snapshot stands; 0 if there is none."""
    found = storage.snapshots.load({stream: aggregate})
    return found[stream].version if found else 0


def test_a_stream_is_kept_when_it_has_grown_by_so_much(town: Parts) -> None:
    tell(town, EVERY - 1)
    assert kept(town.storage) == 0

    town.execute(*granted(2, start=EVERY))
    assert kept(town.storage) == EVERY + 1

    town.execute(*granted(EVERY - 1))
    assert kept(town.storage) == EVERY + 1
    town.execute(WITHDRAW)
    assert kept(town.storage) == 2 * EVERY + 1


def test_a_loaded_stream_is_kept_again_when_it_has_grown_by_so_much(
    town: Parts, keys: MemoryKeyStore
) -> None:
    tell(town, EVERY)
    for number in range(EVERY - 1):
        core(town.storage, keys).execute(*granted(1, start=number))
    assert kept(town.storage) == EVERY

    core(town.storage, keys).execute(WITHDRAW)

    assert kept(town.storage) == 2 * EVERY


def test_a_command_that_records_nothing_keeps_nothing(town: Parts, keys: MemoryKeyStore) -> None:
    tell(town, EVERY)
    town.storage.snapshots.forget()
    again = core(town.storage, keys)

    again.execute(*granted(1, start=EVERY - 2))
    assert kept(town.storage) == 0

    again.execute(WITHDRAW)
    assert kept(town.storage) == EVERY + 1


def test_of_a_request_that_is_refused_nothing_is_kept(town: Parts) -> None:
    tell(town, EVERY - 1)
    refused = request(*granted(5), RegisterCustomer(customer=ANNA, at=NOON))

    town.execute_all(refused, request(WITHDRAW))

    assert kept(town.storage) == EVERY
    assert town.crm.verify().sound


def test_of_two_requests_the_one_that_is_refused_leaves_no_trace_in_a_snapshot(
    town: Parts, keys: MemoryKeyStore
) -> None:
    tell(town, EVERY - 1)
    refused = request(*granted(5), RegisterCustomer(customer=ANNA, at=NOON))

    town.execute_all(request(RegisterCustomer(customer=BO, at=NOON)), refused)

    assert kept(town.storage) == 0
    core(town.storage, keys).execute(WITHDRAW)
    assert kept(town.storage) == EVERY


def test_of_a_long_account_only_what_came_after_its_snapshot_is_read(
    storage: MemoryStorage, log: CountingLog, keys: MemoryKeyStore
) -> None:
    stream, length = account_stream(PROGRAM, ANNA), 10_000
    opened = LoyaltyAccountOpened(program=PROGRAM, customer=ANNA)
    append(log, *(pending(stream, one, event) for one, event in _earned(opened, length)))
    award = AwardPoints(
        program=PROGRAM, customer=ANNA, at=NOON, lot=LotId("another"), evaluation=ONE_POINT
    )

    core(storage, keys).execute(award)
    whole, log.given = log.given, 0
    core(storage, keys).execute(evolve(award, lot=LotId("one more")))

    assert (whole, log.given) == (length, 1)
    assert kept(storage, stream, ACCOUNT) == length + 1


def _earned(opened: Event, length: int) -> Iterator[tuple[int, Event]]:
    yield 1, opened
    for version in range(2, length + 1):
        yield (
            version,
            PointsEarned(
                program=PROGRAM,
                customer=ANNA,
                lot=LotId(f"o-{version}"),
                points=1,
                evaluation=ONE_POINT,
            ),
        )


def test_many_streams_are_loaded_from_their_snapshots_too(
    town: Parts, log: CountingLog, keys: MemoryKeyStore
) -> None:
    tell(town, EVERY)
    town.execute(RegisterCustomer(customer=BO, at=NOON), *granted(3, start=EVERY))
    before, log.given = kept(town.storage), 0

    core(town.storage, keys).execute_all(
        request(WITHDRAW),
        request(RegisterCustomer(customer=BO, at=NOON)),
    )

    assert before == EVERY
    assert log.given == 1 + 3 + 1  # where the snapshot ends, what came after, and Bo


def test_for_streams_that_stay_short_nobody_looks_for_a_snapshot(
    storage: MemoryStorage, keys: MemoryKeyStore
) -> None:
    storage.snapshots = NeverAsked()
    town = core(storage, keys)

    town.execute(PLACE)
    town.execute_all(
        *(request(evolve(PLACE, order=OrderId(f"more-{number}"))) for number in range(3))
    )

    assert ORDER.snapshot_every is None
    assert storage.snapshots.streams() == []
    assert len(list(storage.log.read())) == 4


def test_a_snapshot_is_made_by_an_import_too(town: Parts) -> None:
    town.commands.execute_all(
        [
            request(RegisterCustomer(customer=ANNA, at=NOON)),
            *map(request, granted(2 * EVERY)),
        ],
        project=False,
    )

    assert kept(town.storage) == 2 * EVERY + 1


@pytest.fixture
def database() -> Iterator[Database]:
    with closing(Database("sqlite://")) as database:
        yield database


def on(database: Database) -> Parts:
    """A core that has nothing in memory yet."""
    return core(SqlStorage(database, VIEWS, tenant=TENANT), SqlKeyStore(database))


def answers(town: Parts) -> Sequence[Outcome]:
    """What Anna is told, one command after another."""
    commands = [
        RegisterCustomer(customer=ANNA, at=NOON),
        *granted(1, start=EVERY + 4),
        *granted(1, start=7),
        WITHDRAW,
        WITHDRAW,
        *granted(1, start=8),
        evolve(WITHDRAW, channel=None),
    ]
    return [town.execute_all(request(one, id=f"c-{n}"))[0] for n, one in enumerate(commands)]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM snapshots",
        "UPDATE snapshots SET body = x'C1'",
        "UPDATE snapshots SET fold = 'another'",
        "UPDATE snapshots SET version = version + 5, body = x'93C290'",
        "UPDATE snapshots SET version = 1000",
        "UPDATE snapshots SET tenant = 'other'",
        "UPDATE snapshots SET stream = 'customer-bo'",
    ],
)
def test_whatever_becomes_of_a_snapshot_the_answers_stay_the_same(
    database: Database, change: str
) -> None:
    storages = [database, Database("sqlite://")]
    for one in storages:
        tell(on(one), EVERY)
        on(one).execute(*granted(5, start=EVERY))
    assert kept(on(database).storage) == EVERY

    database.driver.execute(change)

    with closing(storages[1]):
        expected, told = answers(on(storages[1])), answers(on(database))
        assert list(map(repr, told)) == list(map(repr, expected))
        assert len({type(one) for one in told}) == 2
    assert kept(on(database).storage) == EVERY + 6
    assert on(database).crm.verify().gaps == ()


def test_what_another_fold_made_is_made_again_with_the_next_command(database: Database) -> None:
    tell(on(database), EVERY)
    database.driver.execute("UPDATE snapshots SET fold = 'another'")

    on(database).execute(WITHDRAW)

    assert kept(on(database).storage) == EVERY + 1


def test_a_snapshot_of_a_log_that_is_shorter_is_not_used(town: Parts, keys: MemoryKeyStore) -> None:
    tell(town, 3)
    state = Customer(registered=True, consents=Consents())
    town.storage.snapshots.keep(STREAM, CUSTOMER, Snapshot(4, state))

    receipt = core(town.storage, keys).execute(WITHDRAW)

    assert receipt.version == 4


def test_an_older_event_that_became_several_is_folded_once(storage: MemoryStorage) -> None:
    storage.log = MemoryLog(tenant=TENANT, codec=LONG_LIVED)
    signed_up: dict[str, Any] = {"customer": ANNA, "contact": None, "purposes": ["sms", "mail"]}
    append(
        storage.log,
        pending(STREAM, 1, older("CustomerSignedUp", 1, **signed_up)),
        pending(STREAM, 2, older("OrderNoted", 1)),
    )
    first = Held(CUSTOMER, CUSTOMER.state())
    first.fold(fact for fact in storage.log.facts(STREAM) if fact[0] == 1)
    assert len(first.state.consents.given) == 2

    storage.snapshots.keep(STREAM, CUSTOMER, Snapshot(1, Customer(registered=True)))
    held = States(storage.log, storage.snapshots).load(STREAM, CUSTOMER)

    # The snapshot says otherwise on purpose: nothing of its own version is folded once more.
    assert (held.state, held.version) == (Customer(registered=True), 2)


def test_rebuilding_everything_lets_go_of_snapshots_and_of_what_came_of_them(
    town: Parts, keys: MemoryKeyStore
) -> None:
    tell(town, EVERY)
    town.storage.snapshots.keep(STREAM, CUSTOMER, Snapshot(EVERY, Customer(registered=True)))
    misled = core(town.storage, keys)
    assert misled.execute(WITHDRAW).events == ()
    assert misled.crm.verify().snapshots_drifted == (STREAM,)

    misled.crm.rebuild("customers")
    assert town.storage.snapshots.streams() == [STREAM]
    misled.crm.rebuild()

    assert town.storage.snapshots.streams() == []
    assert misled.crm.verify().sound
    assert len(misled.execute(WITHDRAW).events) == 1


def test_an_order_placed_beside_a_long_stream_keeps_nothing(town: Parts) -> None:
    tell(town, EVERY)

    town.execute(PlaceOrder(order=OrderId("o-2"), at=NOON, currency="USD", total=1, customer=ANNA))

    assert town.storage.snapshots.streams() == [STREAM]
