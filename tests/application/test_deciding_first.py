"""Where an append alone costs less than a lock, commands are decided before anything is locked."""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.batch import Outcome, Receipt
from regulars.application.door import Request
from regulars.application.errors import IdempotencyConflict, StorageUnavailable
from regulars.application.events import Command, Recorded
from regulars.domain.consents import GrantConsent, WithdrawConsent
from regulars.domain.customer import RegisterCustomer
from regulars.domain.loyalty import PointsEarned
from regulars.domain.order import AcceptOrder, CancelOrder, CompleteOrder, MarkDelivered
from regulars.domain.personal import Contact
from regulars.domain.program import DefineProgram, PublishEarningRules
from regulars.domain.refund import IssueRefund
from regulars.domain.values import BEGINNING, OrderId, RefundId, Refusal
from regulars.testing.followers import Unsteady
from tests.application.memory_crm import TENANT, Parts, core, sql_core
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, DELIVER, ORDER, PLACE, giving
from tests.domain.story import NOON, minutes
from tests.postgres_server import new_database


class Counted(MemoryStorage):
    """Tells how many transactions were begun."""

    def __init__(self) -> None:
        super().__init__(tenant=TENANT, optimistic=9)
        self.begun = 0

    @contextmanager
    def transaction(self) -> Generator[None]:
        self.begun += 1
        with super().transaction():
            yield


def town_over(storage: MemoryStorage) -> Parts:
    return core(storage, MemoryKeyStore(), inline=False)


DEFINE = DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars")


def rule(points: int) -> PublishEarningRules:
    return PublishEarningRules(
        program=PROGRAM, at=NOON - minutes(60 - points), rules=giving(points)
    )


def test_a_command_that_is_as_new_as_it_seems_needs_no_lock() -> None:
    storage = Counted()
    town = town_over(storage)

    town.execute(PLACE, id="place")
    storage.begun = 0
    receipt = town.execute(AcceptOrder(order=ORDER, at=NOON + minutes(1)), id="accept")

    assert storage.begun == 0
    assert (receipt.position, receipt.version) == (2, 2)
    assert len(town.events()) == 2


@pytest.mark.parametrize("again", [PLACE, evolve(PLACE, total=1), DELIVER])
def test_a_repeat_or_refusal_is_looked_at_under_the_lock(again: Command) -> None:
    storage = Counted()
    town = town_over(storage)
    first = town.execute(PLACE, id="place")
    storage.begun = 0

    (outcome,) = town.execute_all(Request(id="place", commands=(again,), by="agent:7"))

    assert storage.begun == 1
    if again is PLACE:
        assert outcome == evolve(first, repeated=True)
    else:
        assert isinstance(outcome, Refusal)
    assert len(town.events()) == 1


def test_a_repeat_is_answered_once_what_it_repeats_outlives_a_crash() -> None:
    storage = MemoryStorage(tenant=TENANT, optimistic=9)
    first = town_over(storage).execute(PLACE, id="place")
    disk = Unsteady(storage, diskless=True, optimistic=9)
    other = core(disk, MemoryKeyStore(), inline=False)

    with pytest.raises(StorageUnavailable):
        other.execute(PLACE, id="place")

    disk.diskless = False
    assert other.execute(PLACE, id="place") == evolve(first, repeated=True)


def test_a_page_of_the_log_outlives_a_crash_and_one_of_a_stream_need_not() -> None:
    storage = MemoryStorage(tenant=TENANT, optimistic=True)
    town_over(storage).execute(PLACE)
    crm = core(Unsteady(storage, diskless=True), MemoryKeyStore(), inline=False).crm

    with pytest.raises(StorageUnavailable):
        list(crm.events())

    assert len(list(crm.events(stream=f"order-{ORDER}"))) == 1


def test_personal_data_is_sealed_under_the_lock() -> None:
    storage = Counted()

    town_over(storage).execute(
        RegisterCustomer(customer=ANNA, at=NOON, contact=Contact(name="Anna"))
    )

    assert storage.begun == 1


def test_points_are_earned_by_a_rule_that_another_process_published_meanwhile() -> None:
    storage = Counted()
    here, there = town_over(storage), town_over(storage)
    here.execute(DEFINE, rule(1), id="one")
    here.execute(PLACE, DELIVER, id="first")
    here.execute(evolve(PLACE, order=ORDERS[0]), id="place")
    there.execute(rule(2), id="two")
    storage.begun = 0

    here.execute(evolve(DELIVER, order=ORDERS[0]), id="deliver")

    assert storage.begun == 1
    earned = [one.event for one in here.events() if isinstance(one.event, PointsEarned)]
    assert [one.points for one in earned] == [100, 200]


def test_a_repeat_of_several_commands_is_known_whatever_its_first_time_left_out() -> None:
    town = town_over(Counted())
    grant_a, grant_b = (
        GrantConsent(customer=ANNA, at=NOON, purpose=one) for one in ("care", "marketing")
    )
    town.execute(RegisterCustomer(customer=ANNA, at=NOON), id="register")
    town.execute(grant_a, id="before")
    both = Request(id="both", commands=(grant_a, grant_b), by="agent:7")
    (first,) = town.execute_all(both)
    town.execute(WithdrawConsent(customer=ANNA, at=NOON, purpose="care"), id="withdraw")

    (again,) = town.execute_all(both)

    assert isinstance(first, Receipt)
    assert again == evolve(first, repeated=True)


@pytest.fixture(params=["memory", "postgresql"])
def town(request: pytest.FixtureRequest) -> Iterator[Parts]:
    if request.param == "memory":
        yield town_over(MemoryStorage(tenant=TENANT, optimistic=True))
        return
    with closing(Database(new_database())) as database:
        yield sql_core(database, inline=False)


def test_an_id_is_refused_for_another_command_whatever_its_first_command_left_out(
    town: Parts,
) -> None:
    purposes = ("analytics", "care", "marketing")
    grants = [GrantConsent(customer=ANNA, at=NOON, purpose=one) for one in purposes]
    town.execute(RegisterCustomer(customer=ANNA, at=NOON), id="register")
    town.execute(grants[0], id="before")
    town.execute(*grants[:2], id="both")
    before = town.events()

    with pytest.raises(IdempotencyConflict):
        town.execute(grants[2], id="both")

    assert town.events() == before
    assert town.execute(grants[2], id="after").position == len(before) + 1


ORDERS = [OrderId(f"o-{number}") for number in range(2, 4)]


def commands() -> st.SearchStrategy[Command]:
    order = st.sampled_from(ORDERS)
    at = st.integers(0, 90).map(lambda later: NOON + minutes(later))
    return st.one_of(
        st.builds(evolve, st.just(PLACE), order=order, total=st.sampled_from([5_00, 100_00])),
        st.builds(AcceptOrder, order=order, at=at),
        st.builds(MarkDelivered, order=order, at=at),
        st.builds(CompleteOrder, order=order, at=at),
        st.builds(CancelOrder, order=order, at=at),
        st.builds(
            IssueRefund,
            order=order,
            at=at,
            refund=st.sampled_from([RefundId("r-1"), RefundId("r-2")]),
            amount=st.sampled_from([1_00, 50_00]),
        ),
        st.integers(1, 5).map(rule),
    )


def requests() -> st.SearchStrategy[Request]:
    return st.builds(
        Request,
        id=st.integers(0, 9).map(lambda number: f"request-{number}"),
        commands=st.lists(commands(), min_size=1, max_size=2).map(tuple),
        by=st.just("agent:7"),
    )


def told(outcomes: list[Outcome]) -> list[object]:
    return [(type(one), str(one)) if isinstance(one, Refusal) else one for one in outcomes]


def timeless(events: list[Recorded]) -> list[Recorded]:
    return [one._replace(recorded_at=0) for one in events]


@given(st.lists(st.tuples(st.integers(0, 2), st.lists(requests(), min_size=1, max_size=3))))
def test_deciding_first_changes_no_outcome_whoever_else_records(
    batches: list[tuple[int, list[Request]]],
) -> None:
    plain = town_over(MemoryStorage(tenant=TENANT))
    storage = MemoryStorage(tenant=TENANT, optimistic=9)
    processes = [town_over(storage) for _ in range(3)]

    for town in (plain, processes[0]):
        town.execute(DEFINE, id="define")
    for process, batch in batches:
        expected = told(plain.execute_all(*batch))
        assert told(processes[process].execute_all(*batch)) == expected

    assert timeless(processes[0].events()) == timeless(plain.events())


@pytest.fixture
def database() -> Iterator[Database]:
    with closing(Database(new_database())) as database:
        yield database


def test_on_postgresql_a_command_that_records_takes_one_round_trip(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = sql_core(database, inline=False)
    town.execute(PLACE, id="place")
    statements: list[str] = []
    execute: Any = psycopg.Connection.execute

    def noted(connection: object, query: str, *more: object, **options: object) -> object:
        statements.append(query)
        return execute(connection, query, *more, **options)

    monkeypatch.setattr(psycopg.Connection, "execute", noted)
    town.execute(AcceptOrder(order=ORDER, at=NOON + minutes(1)), id="accept")

    assert [statement.split("(")[0] for statement in statements] == ["CALL regulars_append_one"]
    monkeypatch.undo()
    assert len(town.events()) == 2


def test_on_postgresql_a_connection_that_is_lost_is_made_again(database: Database) -> None:
    town = sql_core(database, inline=False)
    town.execute(PLACE, id="place")
    (number,) = database.driver.execute("SELECT pg_backend_pid()").fetchone()
    with closing(Database(database.dialect.engine().url.render_as_string(False))) as other:  # noqa: FBT003 - with its password
        other.driver.execute("SELECT pg_terminate_backend(%s, 5000)", (number,))

    for order in ORDERS:
        town.execute(evolve(PLACE, order=order), id=f"place {order}")
    accepted = town.execute(AcceptOrder(order=ORDER, at=NOON + minutes(1)), id="accept")

    assert accepted.version == 2


@pytest.fixture
def file(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """Two connections to one new file, as two processes have them."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with closing(Database(url)) as one, closing(Database(url)) as other:
        yield one, other


def test_on_sqlite_a_command_that_records_one_event_is_one_statement(
    file: tuple[Database, Database],
) -> None:
    town = sql_core(file[0], inline=False)
    town.execute(PLACE, id="place")
    statements: list[str] = []
    connection = cast("sqlite3.Connection", file[0].driver)

    connection.set_trace_callback(statements.append)
    receipt = town.execute(AcceptOrder(order=ORDER, at=NOON + minutes(1)), id="accept")
    connection.set_trace_callback(None)

    # Its trigger is told of under the same text.
    assert {one.split()[0] for one in statements} == {"INSERT"}
    assert (receipt.position, receipt.version) == (2, 2)


def test_on_sqlite_a_stale_decision_is_taken_again_under_the_lock(
    file: tuple[Database, Database],
) -> None:
    here, there = (sql_core(one, inline=False) for one in file)
    here.execute(PLACE, id="place")
    there.execute(CancelOrder(order=ORDER, at=NOON + minutes(1)), id="cancel")

    with pytest.raises(Refusal):
        here.execute(AcceptOrder(order=ORDER, at=NOON + minutes(2)), id="accept")

    assert [one.version for one in here.events()] == [1, 2]


def test_on_sqlite_a_repeat_of_what_another_process_recorded_is_known(
    file: tuple[Database, Database],
) -> None:
    here, there = (sql_core(one, inline=False) for one in file)
    accept = AcceptOrder(order=ORDER, at=NOON + minutes(1))
    here.execute(PLACE, id="place")
    first = there.execute(accept, id="accept")

    assert here.execute(accept, id="accept") == evolve(first, repeated=True)
    assert len(here.events()) == 2
