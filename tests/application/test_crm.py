import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from itertools import chain
from pathlib import Path
from threading import Event
from typing import Any, ClassVar, cast

import pytest
from attrs import evolve

from regulars.adapters.database import Database
from regulars.application.balances import PointsBalance
from regulars.application.batch import Receipt
from regulars.application.catalogue import VIEWS
from regulars.application.collection import collection_paused
from regulars.application.customer import CustomerProfile
from regulars.application.errors import InvalidId, UnknownView
from regulars.application.events import microseconds, moment
from regulars.application.loyalty import ACCOUNTS
from regulars.application.ports import Finding
from regulars.application.program import default_program
from regulars.application.queries import Query, ViewRows
from regulars.application.report import SalesReport
from regulars.application.sales import SALES
from regulars.application.views import View
from regulars.domain.consents import GrantConsent
from regulars.domain.customer import RegisterCustomer
from regulars.domain.order import MarkDelivered, OrderDelivered, UnknownOrder
from regulars.domain.personal import Contact
from regulars.domain.program import PublishEarningRules
from regulars.domain.purchase import OrderPlaced
from regulars.domain.values import BEGINNING, CustomerId, OrderId, Refusal
from tests.application.memory_crm import Parts, memory_core, request, sql_core
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO, DELIVER, ORDER, PLACE, giving
from tests.domain.story import NOON, minutes
from tests.postgres_server import new_database

BALANCE = PointsBalance(customer=ANNA)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shop.db'}" if request.param == "sqlite" else new_database()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url, synchronous="NORMAL")
    yield database
    database.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Parts]:
    if request.param == "memory":
        yield memory_core()
        return
    sqlite = f"sqlite:///{tmp_path / 'town.db'}"
    database = Database(sqlite if request.param == "sqlite" else new_database())
    yield sql_core(database)
    database.close()


class Row(Query[int]):
    """Anna's points, as the row of a view has them."""

    views: ClassVar[tuple[View[Any, Any], ...]] = (ACCOUNTS,)

    def answer(self, rows: ViewRows) -> int:
        return sum(row.balance for row in rows.rows(ACCOUNTS, customer=ANNA))


def points(town: Parts) -> int:
    return town.crm.ask(Row())


def test_a_host_reads_what_it_wrote(town: Parts) -> None:
    receipt = town.crm.execute(PLACE, by="checkout", id="o-1", correlation="talk-7")
    town.crm.execute(DELIVER, by="courier")

    assert (receipt.request_id, receipt.version) == ("o-1", 1)
    placed = next(town.crm.events(after=receipt.position - 1))
    assert (placed.actor, placed.correlation) == ("checkout", "talk-7")
    assert points(town) == 100


def test_a_host_that_says_nothing_of_a_programme_gets_one_point_a_unit(town: Parts) -> None:
    town.crm.execute(PLACE, by="checkout")

    first = [one.type for one in town.crm.events()]
    assert first == ["ProgramDefined", "EarningRulesPublished", "OrderPlaced"]
    assert len(default_program(PROGRAM)) == 2


def test_a_programme_that_is_there_is_left_as_it_is(database: Database) -> None:
    tripled = PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=giving(3))
    town = sql_core(database)
    town.crm.publish([default_program(PROGRAM)[0], tripled])
    town.crm.execute(PLACE, by="checkout")

    again = sql_core(database)
    again.crm.execute(DELIVER, by="courier")
    again.crm.publish([tripled])

    assert points(again) == 300
    assert [one.type for one in again.crm.events(stream=f"program-{PROGRAM}")] == [
        "ProgramDefined",
        "EarningRulesPublished",
    ]


def test_who_publishes_nothing_gets_the_default_programme_all_the_same(database: Database) -> None:
    town = sql_core(database)

    town.crm.publish(())
    town.crm.execute(PLACE, by="checkout")
    town.crm.execute(DELIVER, by="courier")

    assert points(town) == 100


def test_many_requests_are_each_recorded_or_refused(town: Parts) -> None:
    placed, refused, delivered = town.crm.execute_all(
        [
            request(PLACE),
            request(MarkDelivered(order=OrderId("o-9"), at=NOON)),
            request(DELIVER),
        ]
    )

    assert isinstance(placed, Receipt)
    assert isinstance(refused, UnknownOrder)
    assert isinstance(delivered, Receipt)
    assert points(town) == 100


def test_a_refusal_is_raised(town: Parts) -> None:
    with pytest.raises(UnknownOrder):
        town.crm.execute(DELIVER, by="courier")


def test_events_are_read_from_any_place_of_the_log_or_of_a_stream(town: Parts) -> None:
    town.crm.execute(PLACE, by="checkout")
    town.crm.execute(DELIVER, by="courier")
    events = list(town.crm.events())

    assert list(town.crm.events(after=2)) == events[2:]
    assert [one.version for one in town.crm.events(stream=f"order-{ORDER}")] == [1, 2]
    assert [one.version for one in town.crm.events(stream=f"order-{ORDER}", after=1)] == [2]
    assert list(town.crm.events(stream="order-unknown")) == []


def test_a_long_log_is_read_while_others_write_to_it(town: Parts) -> None:
    consents = [
        GrantConsent(customer=BO, at=NOON, purpose="care", channel=str(number))
        for number in range(1_999)
    ]
    town.crm.execute_all([request(RegisterCustomer(customer=BO, at=NOON), *consents)])

    for stream in (None, f"customer-{BO}"):
        reading = town.crm.events(stream=stream)
        first = next(reading)
        town.crm.execute(
            GrantConsent(customer=BO, at=NOON, purpose="care", channel=f"late-{stream}"), by="a:7"
        )
        read = [first, *reading]

        assert read == list(town.crm.events(stream=stream))
        assert [one.version for one in town.crm.events(stream=stream, after=1_990)] == [
            one.version for one in read[1_990:]
        ]


def test_the_past_is_asked_for_by_time_or_by_position(town: Parts) -> None:
    town.crm.execute(PLACE, by="checkout")
    before = town.storage.log.head()
    town.crm.execute(DELIVER, by="courier")

    assert town.crm.ask(BALANCE, as_of=before) is None
    assert town.crm.ask(BALANCE, as_of=PLACE.at) is None
    found = town.crm.ask(BALANCE, as_of=DELIVER.at)
    assert found is not None
    assert found == town.crm.ask(BALANCE)


def test_what_is_asked_of_nobody_is_refused_before_it_is_looked_for(town: Parts) -> None:
    with pytest.raises(InvalidId, match="customer"):
        town.crm.ask(PointsBalance(customer="\udcff"))


def test_what_another_connection_wrote_is_in_the_answer(url: str, database: Database) -> None:
    here = sql_core(database)
    here.crm.execute(PLACE, by="checkout")
    other = Database(url)
    there = sql_core(other, inline=False)
    there.crm.execute(DELIVER, by="courier")
    other.close()

    assert points(here) == 100


def test_deferred_views_answer_as_of_when_they_were_caught_up(database: Database) -> None:
    town = sql_core(database, inline=False)
    town.crm.execute(PLACE, by="checkout")
    town.crm.execute(DELIVER, by="courier")
    assert points(town) == 0

    seen: list[tuple[int, int]] = []
    head = town.crm.catch_up(progress=lambda done, of: seen.append((done, of)))

    assert points(town) == 100
    assert head == town.storage.log.head()
    assert seen[-1] == (head, head)


def test_views_are_rebuilt_by_name_or_all_together(town: Parts) -> None:
    town.crm.execute(PLACE, by="checkout")
    town.crm.execute(DELIVER, by="courier")
    before = town.rows()
    town.storage.views.save({SALES: [SALES.row(0, "XXX")]}, checkpoint=town.storage.log.head())
    spoiled = town.rows()

    assert town.crm.rebuild("customers", "items") == town.storage.log.head()
    assert town.rows() == spoiled
    town.crm.rebuild("sales")
    assert town.rows() == before
    town.crm.rebuild()
    assert town.rows() == before


def test_a_view_that_there_is_not_cannot_be_rebuilt(town: Parts) -> None:
    with pytest.raises(UnknownView) as refused:
        town.crm.rebuild("sales", "weather")

    assert refused.value.name == "weather"
    assert refused.value.known == tuple(view.name for view in VIEWS)
    assert "weather" in str(refused.value)


def test_findings_are_kept_once(town: Parts) -> None:
    finding = Finding(file="orders.csv", row=3, field="total", reason="is no amount")
    town.crm.keep_findings([finding])
    town.crm.keep_findings([finding, evolve(finding, row=2)])

    assert town.crm.findings() == [evolve(finding, row=2), finding]
    town.crm.forget_findings(["orders.csv"])
    assert town.crm.findings() == []


def test_leaving_the_core_closes_it() -> None:
    closed: list[str] = []
    crm = memory_core(close=lambda: closed.append("closed")).crm

    with crm as entered:
        assert entered is crm
        assert closed == []
    crm.close()

    assert closed == ["closed", "closed"]


def test_threads_take_turns(town: Parts) -> None:
    def shop(thread: int) -> list[Receipt | Refusal]:
        done: list[Receipt | Refusal] = []
        for number in range(6):
            order = OrderId(f"o-{thread}-{number}")
            at = PLACE.at + minutes(number)
            done.append(town.crm.execute(evolve(PLACE, order=order, at=at), by=f"t:{thread}"))
            done.append(town.crm.execute(MarkDelivered(order=order, at=at), by=f"t:{thread}"))
            done += town.crm.execute_all(
                [
                    request(
                        GrantConsent(
                            customer=BO, at=at, purpose="care", channel=f"{thread}/{number}"
                        )
                    )
                ]
            )
            assert town.crm.ask(BALANCE) is not None
            assert town.crm.ask(SalesReport(timezone=UTC), as_of=thread + number).orders < 10
        return done

    town.crm.execute(RegisterCustomer(customer=BO, at=NOON), by="agent:7")
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(chain(*threads.map(shop, range(8))))

    assert all(isinstance(outcome, Receipt) for outcome in outcomes)
    assert len(outcomes) == 8 * 6 * 3
    assert points(town) == 8 * 6 * 100
    assert town.crm.verify().sound


def test_threads_that_bring_the_same_command_record_it_once(town: Parts) -> None:
    registered = RegisterCustomer(
        customer=CustomerId("carl"), at=NOON, contact=Contact(name="Carl")
    )

    def register(_: int) -> Receipt:
        return town.crm.execute(registered, by="agent:7", id="register-carl")

    with ThreadPoolExecutor(8) as threads:
        receipts = list(threads.map(register, range(16)))

    assert sorted(receipt.repeated for receipt in receipts) == [False] + [True] * 15
    assert len({receipt.position for receipt in receipts}) == 1
    assert town.crm.ask(CustomerProfile(customer="carl", timezone=UTC)) is not None


def collecting() -> bool:
    return gc.isenabled()


@pytest.mark.parametrize("switch", [gc.enable, gc.disable])
def test_the_collector_is_left_as_it_was_found(switch: Callable[[], None]) -> None:
    before = collecting()
    switch()
    found = collecting()
    try:
        with collection_paused():
            assert not collecting()
            with collection_paused():
                assert not collecting()
            assert not collecting()
        after = collecting()
    finally:
        (gc.enable if before else gc.disable)()

    assert after == found


def test_a_host_is_told_of_what_it_subscribed_to(town: Parts) -> None:
    with town.crm.subscribe(types={OrderDelivered}) as delivered:
        town.crm.execute(PLACE, by="checkout")
        town.crm.execute(DELIVER, by="courier")

        recorded = next(delivered)

    assert isinstance(recorded.event, OrderDelivered)
    assert delivered.position == list(town.crm.events())[-1].position


def test_a_follower_may_execute_commands_of_its_own(town: Parts) -> None:
    town.crm.execute(PLACE, by="checkout")
    with town.crm.subscribe(types={OrderPlaced, OrderDelivered}) as following:
        assert isinstance(next(following).event, OrderPlaced)
        town.crm.execute(DELIVER, by="courier")
        assert isinstance(next(following).event, OrderDelivered)


def test_who_subscribes_to_the_same_is_told_the_same(town: Parts) -> None:
    with (
        town.crm.subscribe(types={OrderPlaced, OrderDelivered}) as one,
        town.crm.subscribe(types=[OrderDelivered, OrderPlaced]) as other,
        town.crm.subscribe(types={OrderDelivered}) as delivered,
    ):
        town.crm.execute(PLACE, by="checkout")
        told = [one.page(1), other.page(1), delivered.page(0.1)]
        assert [[type(each.event) for each in page] for page in told] == [
            [OrderPlaced],
            [OrderPlaced],
            [],
        ]
        town.crm.execute(DELIVER, by="courier")
        assert [len(each.page(1)) for each in (one, other, delivered)] == [1, 1, 1]


def test_closing_ends_what_is_subscribed(town: Parts) -> None:
    town.crm.execute(PLACE, by="checkout")
    there = len(list(town.crm.events()))
    taken: list[int] = []
    caught_up = Event()

    def follow() -> None:
        for recorded in town.crm.subscribe():
            taken.append(recorded.position)
            if len(taken) == there:
                caught_up.set()

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(follow)
        assert caught_up.wait(10)
        town.crm.close()
        following.result(timeout=10)
    assert len(taken) == there


def test_a_host_reads_what_it_asks_for_of_the_log(town: Parts) -> None:
    town.crm.execute(PLACE, by="checkout")
    town.crm.execute(DELIVER, by="courier")
    whole = list(town.crm.events())
    order = f"order-{PLACE.order}"

    assert list(town.crm.events(upto=3)) == whole[:3]
    assert list(town.crm.events(after=1, upto=3)) == whole[1:3]
    assert list(town.crm.events(prefix="order-")) == [one for one in whole if one.stream == order]
    assert [type(one.event) for one in town.crm.events(types={OrderDelivered})] == [OrderDelivered]
    assert list(town.crm.events(occurred_by=PLACE.at)) == [
        one for one in whole if one.occurred_at <= microseconds(PLACE.at)
    ]
    assert list(town.crm.events(recorded_by=moment(whole[0].recorded_at - 1))) == []
    assert list(town.crm.events(recorded_by=moment(whole[-1].recorded_at))) == whole
    with pytest.raises(ValueError, match="time zone"):
        town.crm.events(occurred_by=PLACE.at.replace(tzinfo=None))
    for wrong in (OrderDelivered, {"OrderDelivered"}):
        with pytest.raises(TypeError, match="types"):
            town.crm.events(types=cast("Any", wrong))


def test_a_host_reads_what_it_asks_for_of_a_stream(town: Parts) -> None:
    town.crm.execute(PLACE, by="checkout")
    town.crm.execute(DELIVER, by="courier")
    order = f"order-{PLACE.order}"
    whole = list(town.crm.events(stream=order))

    assert [one.version for one in whole] == [1, 2]
    assert list(town.crm.events(stream=order, upto=1)) == whole[:1]
    assert list(town.crm.events(stream=order, types={OrderDelivered})) == whole[1:]
    assert list(town.crm.events(stream=order, occurred_by=PLACE.at)) == whole[:1]


def test_a_host_is_told_of_the_streams_that_it_subscribed_to(town: Parts) -> None:
    with town.crm.subscribe(prefix="order-") as following:
        town.crm.execute(PLACE, by="checkout")

        assert isinstance(next(following).event, OrderPlaced)
