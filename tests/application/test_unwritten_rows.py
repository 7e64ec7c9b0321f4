"""Who writes nothing is answered as everybody is, however far views are behind the log."""

from datetime import UTC, timedelta
from typing import Any, Final

import pytest

from regulars.application.balances import PointsBalance
from regulars.application.books import Books
from regulars.application.catalogue import KEPT
from regulars.application.customer import CUSTOMERS, CustomerProfile
from regulars.application.liability import Liability
from regulars.application.member_center import MemberCenter
from regulars.application.report import SalesReport
from tests.application.histories import tell
from tests.application.memory_crm import Parts, Ticking, core, memory_core
from tests.application.shop_week import FRIDAY, WEEK
from tests.domain.examples import ANNA

LATER: Final = FRIDAY + timedelta(days=30)
QUESTIONS: Final[tuple[Any, ...]] = (
    PointsBalance(customer=ANNA),
    CustomerProfile(customer=ANNA, timezone=UTC),
    SalesReport(timezone=UTC),
    MemberCenter(customer=ANNA),
    Liability(on=LATER.date()),
)


def clock() -> Ticking:
    return Ticking(LATER, tick=timedelta(0))


def reader(town: Parts) -> Parts:
    return core(town.storage, town.keys, clock=clock(), read_only=True)


def answers(town: Parts) -> list[object]:
    told = [town.crm.ask(question) for question in QUESTIONS]
    return told + [town.crm.ask(one, as_of=at) for one in QUESTIONS for at in (9, FRIDAY)]


def marks(town: Parts) -> list[int]:
    return [town.storage.views.checkpoint(view) for view in KEPT]


@pytest.mark.parametrize("folded", [0, 5, len(WEEK)])
def test_an_answer_is_the_same_however_far_views_are_behind(folded: int) -> None:
    town = tell(memory_core(inline=False, clock=clock()), WEEK[:folded])
    town.crm.catch_up()
    if folded:
        Books(town.storage).catch_up()
    tell(town, WEEK[folded:])
    before = marks(town)

    found, verdict = answers(reader(town)), reader(town).crm.verify()

    assert marks(town) == before
    assert verdict.sound
    town.crm.catch_up()
    assert found == answers(town)
    assert answers(reader(town)) == found


def test_views_that_are_level_are_read_and_not_made_anew() -> None:
    town = tell(memory_core(clock=clock()), WEEK)
    profile = CustomerProfile(customer=ANNA, timezone=UTC)
    (row,) = [row for row in town.storage.views.rows(CUSTOMERS) if row.customer == ANNA]
    row.orders = 99
    town.storage.views.save({CUSTOMERS: [row]}, checkpoint=town.storage.log.head())

    found = reader(town).crm.ask(profile)

    assert found is not None
    assert found == town.crm.ask(profile)
    (drift,) = reader(town).crm.verify().drifts
    assert (drift.view, drift.keys) == ("customers", (ANNA,))
