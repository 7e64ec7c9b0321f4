from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.balances import PointsBalance
from regulars.application.customer import CustomerProfile
from regulars.application.events import Recorded, microseconds, moment
from regulars.application.postings import PointsLedger, Posting
from regulars.application.queries import AsOf, Query
from regulars.application.questions import Question
from regulars.application.report import SalesReport
from regulars.application.sales import FLAGS, MERCHANTS, SALES, quarter_hour
from regulars.application.views import View
from tests.application.histories import copied, tell, towns
from tests.application.memory_crm import TENANT, Parts, core, memory_core
from tests.domain.examples import ANNA, DELIVER, PLACE, REFUND
from tests.domain.story import NOON, minutes

ZONES = [UTC, timezone(timedelta(hours=-9, minutes=-30)), ZoneInfo("Asia/Shanghai")]
QUERIES: list[Query[Any] | Question[Any]] = [
    *(PointsBalance(customer=customer) for customer in ("anna", "bo", "nobody")),
    *(PointsLedger(customer=customer) for customer in ("anna", "bo")),
    *(CustomerProfile(customer="anna", timezone=zone, top=2) for zone in ZONES),
    CustomerProfile(customer="bo", timezone=UTC),
    *(SalesReport(timezone=zone) for zone in ZONES),
    SalesReport(timezone=UTC, top=1, currency="USD"),
]


def cut_off(events: Iterable[Recorded]) -> tuple[Parts, dict[int, int]]:
    """A core that never heard of other events, and where each event stood in the first log."""
    kept = list(events)
    storage = MemoryStorage(tenant=TENANT)
    copies = copied(kept, storage.log)
    there = {copy.position: one.position for copy, one in zip(copies, kept, strict=True)}
    return core(storage, MemoryKeyStore()), there


def placed_as_in(there: dict[int, int], answer: object) -> object:
    """The answer with the positions that its events had in the first log."""
    if not isinstance(answer, tuple):
        return answer
    return tuple(
        evolve(one, position=there[one.position or 0]) if isinstance(one, Posting) else one
        for one in cast("tuple[object, ...]", answer)
    )


def moments(town: Parts) -> st.SearchStrategy[datetime]:
    near = [one.occurred_at + slip for one in town.events() for slip in (-1, 0, 1)]
    return st.sampled_from(near).map(moment)


FEWER = settings(max_examples=settings().max_examples // 3)  # each folds every view anew


@FEWER
@given(town=towns, data=st.data())
def test_as_of_a_position_is_as_if_the_log_ended_there(town: Parts, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, town.storage.log.head() + 1))
    then, there = cut_off(one for one in town.events() if one.position <= position)

    for query in QUERIES:
        assert town.crm.ask(query, as_of=position) == placed_as_in(there, then.crm.ask(query))


@FEWER
@given(town=towns, data=st.data())
def test_as_of_a_time_is_as_if_nothing_later_had_happened(town: Parts, data: st.DataObject) -> None:
    at = data.draw(moments(town))
    then, there = cut_off(one for one in town.events() if one.occurred_at <= microseconds(at))

    for query in QUERIES:
        # What falls due by then is counted in, so that a question is asked as of then there too.
        when = at if isinstance(query, Question) else None
        found = then.crm.ask(query, as_of=when)
        assert town.crm.ask(query, as_of=at) == placed_as_in(there, found)


@FEWER
@given(town=towns)
def test_as_of_the_end_is_now(town: Parts) -> None:
    for query in QUERIES:
        now = town.crm.ask(query)
        assert town.crm.ask(query, as_of=town.storage.log.head()) == now
        assert town.crm.ask(query, as_of=datetime(2100, 1, 1, tzinfo=UTC)) == now


@FEWER
@given(town=towns, day=st.integers(0, 10))
def test_the_past_stays_as_it_was_whatever_comes_later(town: Parts, day: int) -> None:
    past: list[AsOf] = [town.storage.log.head(), town.storage.log.head() // 2]
    before = [town.crm.ask(query, as_of=as_of) for query in QUERIES for as_of in past]

    tell(town, [evolve(PLACE, at=NOON + timedelta(days=day)), DELIVER, REFUND])

    assert [town.crm.ask(query, as_of=as_of) for query in QUERIES for as_of in past] == before


def test_a_moment_is_the_same_in_every_time_zone() -> None:
    town = memory_core()
    town.crm.execute(PLACE, by="agent:7")
    town.crm.execute(DELIVER, by="agent:7")
    balance = PointsBalance(customer=ANNA)
    there = DELIVER.at.astimezone(timezone(timedelta(hours=8)))

    found = town.crm.ask(balance, as_of=there)

    assert found is not None
    assert found.balance == 100
    assert town.crm.ask(balance, as_of=there - timedelta(microseconds=1)) is None


def test_a_past_without_a_time_zone_is_a_bug_of_the_host() -> None:
    town = memory_core()

    with pytest.raises(ValueError, match="time zone"):
        town.crm.ask(PointsBalance(customer=ANNA), as_of=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the bug


def test_before_the_first_event_there_is_nothing() -> None:
    town = tell(memory_core(), [PLACE, DELIVER])

    assert town.crm.ask(PointsLedger(customer=ANNA), as_of=0) == ()
    assert town.crm.ask(CustomerProfile(customer=ANNA, timezone=UTC), as_of=0) is None
    assert town.crm.ask(SalesReport(timezone=UTC), as_of=0).orders == 0


class Everything(Query[dict[str, list[Any]]]):
    """The rows of some views, whole and found by a field."""

    views: ClassVar[tuple[View[Any, Any], ...]] = (MERCHANTS, SALES, FLAGS)

    def answer(self, rows: Any) -> dict[str, list[Any]]:  # noqa: ANN401 - of views
        quarter = quarter_hour(microseconds(PLACE.at))
        return {
            "all": [row for view in self.views for row in rows.rows(view)],
            "some": list(rows.rows(SALES, quarter=quarter, currency="CNY")),
            "none": list(rows.rows(SALES, quarter=quarter, currency="USD")),
            "loaded": list(rows.load(MERCHANTS, [("noodles",), ("nobody",)])),
        }


def test_a_query_sees_the_same_rows_now_and_in_the_past() -> None:
    town = tell(memory_core(), [PLACE, evolve(DELIVER, at=PLACE.at - minutes(1)), REFUND])

    now = town.crm.ask(Everything())

    assert town.crm.ask(Everything(), as_of=town.storage.log.head()) == now
    assert [len(found) for found in now.values()] == [4, 1, 0, 1]
