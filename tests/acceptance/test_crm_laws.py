"""The laws of the kit hold of the core, and each is seen to bite on a core that lies."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, cast

import pytest
from attrs import evolve, frozen
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from regulars import (
    Crm,
    IssueRefund,
    MarkDelivered,
    OrderId,
    PlaceOrder,
    RefundId,
    connect,
)
from regulars.application.events import Recorded
from regulars.domain.coupon import CouponRedeemed, CouponRestored
from regulars.domain.refund import RefundIssued
from regulars.domain.values import CouponId, OfferId, ProgramId
from regulars.testing import ANNA, CrmMachine, SetClock, check_laws, programs

NOON: Final = datetime(2024, 5, 17, 12, tzinfo=UTC)


@frozen
class Lying:
    """A core that answers something else than it knows."""

    crm: Crm
    lie: Callable[[Any], Any]

    def ask(self, question: Any, **words: Any) -> Any:  # noqa: ANN401 - whatever is asked
        return self.lie(self.crm.ask(question, **words))

    def verify(self) -> object:
        return self.lie(self.crm.verify())

    def events(self, **words: Any) -> Iterator[Recorded]:  # noqa: ANN401 - as the core's own
        return map(self.lie, self.crm.events(**words))


@pytest.fixture
def shop() -> Iterator[Crm]:
    """A core in which an order was delivered and paid back in part."""
    order = OrderId("o-1")
    placed = PlaceOrder(order=order, at=NOON, currency="USD", total=20_00, customer=ANNA)
    refund = IssueRefund(order=order, at=NOON, refund=RefundId("r-1"), amount=5_00)
    with connect("sqlite://", environment={}) as crm:
        for command in (placed, MarkDelivered(order=order, at=NOON), refund):
            crm.execute(command, by="till")
        yield crm


def changed(kind: str, **fields: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - of any answer
    """Tells an answer of that kind with other fields."""
    return lambda found: evolve(found, **fields) if type(found).__name__ == kind else found


def as_event(kind: str, **fields: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - of any event
    """Tells an event of that kind with other fields."""

    def lie(found: Any) -> Any:  # noqa: ANN401 - as above
        if isinstance(found, Recorded) and type(found.event).__name__ == kind:
            return found._replace(event=evolve(cast("Any", found.event), **fields))
        return found

    return lie


LIES: Final = {
    "a balance that no posting explains": changed("Balance", balance=16),
    "points below 0": changed("Balance", pending=-1),
    "points to spend beside what is owed": changed("Balance", debt=15),
    "a total that was not told": changed("Balance", earned=7),
    "lots that do not explain the balance": changed("BalanceExplained", available=3),
    "a liability that is nobody's": changed("PointsOwed", available=3),
    "goods paid back twice": as_event("RefundIssued", goods=21_00, amount=21_00),
    "a refund of which a part is nothing": as_event("RefundIssued", goodwill=1),
    "a view that drifted": changed("Verdict", gaps=("order-o-1",)),
}


def test_laws_hold_of_what_was_told(shop: Crm) -> None:
    check_laws(shop)


def test_laws_hold_of_nothing() -> None:
    with connect("sqlite://", environment={}) as crm:
        check_laws(crm)


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_core_that_lies_breaks_a_law(shop: Crm, lie: Callable[[Any], Any]) -> None:
    with pytest.raises(AssertionError):
        check_laws(cast("Crm", Lying(shop, lie)))


def test_a_coupon_of_two_orders_breaks_a_law(shop: Crm) -> None:
    of: dict[str, Any] = {
        "program": ProgramId("default"),
        "offer": OfferId("spring"),
        "coupon": CouponId("c-1"),
    }
    used = [CouponRedeemed(**of, order=OrderId(name), amount=1) for name in ("o-1", "o-2")]
    back = CouponRestored(**of, order=OrderId("o-1"))

    def telling(*events: CouponRedeemed | CouponRestored) -> Crm:
        like = next(shop.events(types={RefundIssued}))
        told = [like._replace(event=event) for event in events]

        @frozen
        class Telling(Lying):
            def events(self, **words: Any) -> Iterator[Recorded]:  # noqa: ANN401 - as the core's own
                coupons = words.get("types") == {CouponRedeemed, CouponRestored}
                return iter(told) if coupons else super().events(**words)

        return cast("Crm", Telling(shop, lambda found: found))

    check_laws(telling(used[0], back, used[1]))
    with pytest.raises(AssertionError):
        check_laws(telling(*used))


EVERYTHING: Final = {
    "CouponRedeemed",
    "CustomersMerged",
    "CustomerMergeReverted",
    "OrderCancelled",
    "OrderCompleted",
    "PointsActivated",
    "PointsAdjusted",
    "PointsEarned",
    "PointsExpired",
    "PointsRedeemed",
    "PointsReservationConfirmed",
    "PointsReservationReleased",
    "PointsReversed",
    "PointsTransferredIn",
    "RedemptionReversed",
    "RefundIssued",
}


@pytest.mark.slow  # of the kit, not of the product
@pytest.mark.timeout(600)
def test_a_machine_tells_everything_at_some_time() -> None:
    heard = set[str]()

    class Heard(CrmMachine):
        programmes = programs()

        def open(self, clock: SetClock) -> Crm:
            return connect("sqlite://", clock=clock, environment={})

        def teardown(self) -> None:
            heard.update(type(one.event).__name__ for one in self.crm.events())
            super().teardown()

    exploring = settings(
        max_examples=50,
        stateful_step_count=25,
        deadline=None,
        derandomize=False,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    for _ in range(20):
        run_state_machine_as_test(Heard, settings=exploring)
        if heard >= EVERYTHING:
            break
    assert heard >= EVERYTHING
