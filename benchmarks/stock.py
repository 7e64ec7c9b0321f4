"""The same orders in stock eventsourcing, as its documentation would have one write them."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from regulars.application.events import Event
from regulars.domain.order import (
    OrderAccepted,
    OrderDelivered,
    OrderPickedUp,
    OrderReady,
    PreparationStarted,
    Stage,
)
from regulars.domain.purchase import OrderPlaced

Lines: TypeAlias = list[dict[str, Any]]

_AT_ONCE: Final = 100


class StockOrder(Aggregate):
    """An order that knows what was placed and how far it has come."""

    @event("Placed")
    def __init__(  # noqa: PLR0913 - the fields of the event
        self,
        *,
        order: str,
        currency: str,
        total: int,
        customer: str | None,
        merchant: str | None,
        lines: Lines,
        discount: int,
        delivery_fee: int,
        tip: int,
        channel: str,
        extra: str | None,
    ) -> None:
        self.order = order
        self.currency = currency
        self.total = total
        self.customer = customer
        self.merchant = merchant
        self.lines = lines
        self.discount = discount
        self.delivery_fee = delivery_fee
        self.tip = tip
        self.channel = channel
        self.extra = extra
        self.stage = Stage.PLACED
        self.steps = {Stage.PLACED}

    @event("Accepted")
    def accept(self, *, order: str, late_entry: bool) -> None:  # noqa: ARG002 - the event has it
        """The merchant takes the order."""
        self._reach(Stage.ACCEPTED)

    @event("PreparationStarted")
    def start(self, *, order: str, late_entry: bool) -> None:  # noqa: ARG002 - the event has it
        """The kitchen begins."""
        self._reach(Stage.PREPARING)

    @event("Ready")
    def mark_ready(self, *, order: str, late_entry: bool) -> None:  # noqa: ARG002 - the event has it
        """The goods are prepared."""
        self._reach(Stage.READY)

    @event("PickedUp")
    def pick_up(self, *, order: str, late_entry: bool) -> None:  # noqa: ARG002 - the event has it
        """The courier takes the goods."""
        self._reach(Stage.PICKED_UP)

    @event("Delivered")
    def deliver(  # noqa: PLR0913 - the fields of the event
        self,
        *,
        order: str,  # noqa: ARG002 - the event has it
        currency: str,  # noqa: ARG002 - the event has it
        total: int,  # noqa: ARG002 - the event has it
        placed_at: str,  # noqa: ARG002 - the event has it
        customer: str | None,  # noqa: ARG002 - the event has it
        merchant: str | None,  # noqa: ARG002 - the event has it
        late_entry: bool,  # noqa: ARG002 - the event has it
    ) -> None:
        """The customer has the goods."""
        self._reach(Stage.DELIVERED)

    def _reach(self, stage: Stage) -> None:
        self.stage = max(self.stage, stage)
        self.steps.add(stage)


def stock_application(file: Path) -> Application[UUID]:
    """An application over an SQLite file, its settings left as they come."""
    return Application(
        env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(file)}
    )


def stock_copies(stock: Application[UUID], histories: Iterable[Sequence[Event]]) -> list[UUID]:
    """Orders of ours, saved there as well. Returns the ids that they have there."""
    ids: list[UUID] = []
    left = iter(histories)
    while some := [stock_order(events) for events in islice(left, _AT_ONCE)]:
        stock.save(*some)
        ids.extend(copy.id for copy in some)
    return ids


def stock_order(events: Sequence[Event]) -> StockOrder:
    """An order, not saved yet, that records the same content as our events of one."""
    first = events[0]
    if not isinstance(first, OrderPlaced):
        raise TypeError(f"an order begins as placed, not with {first!r}")
    order = _placed(first)
    follow(order, events[1:])
    return order


def _placed(placed: OrderPlaced) -> StockOrder:
    return StockOrder(
        order=placed.order,
        currency=placed.currency,
        total=placed.total,
        customer=placed.customer,
        merchant=placed.merchant,
        lines=[
            {
                "line": line.line,
                "item": line.item,
                "quantity": line.quantity,
                "name": line.name,
                "category": line.category,
                "unit_price": line.unit_price,
            }
            for line in placed.lines
        ],
        discount=placed.discount,
        delivery_fee=placed.delivery_fee,
        tip=placed.tip,
        channel=placed.channel.value,
        extra=b64encode(placed.extra.envelope).decode() if placed.extra else None,
    )


def follow(order: StockOrder, steps: Iterable[Event]) -> None:
    """Let an order take the steps that events of ours tell of."""
    for step in steps:
        match step:
            case OrderAccepted():
                order.accept(order=step.order, late_entry=step.late_entry)
            case PreparationStarted():
                order.start(order=step.order, late_entry=step.late_entry)
            case OrderReady():
                order.mark_ready(order=step.order, late_entry=step.late_entry)
            case OrderPickedUp():
                order.pick_up(order=step.order, late_entry=step.late_entry)
            case OrderDelivered():
                order.deliver(
                    order=step.order,
                    currency=step.currency,
                    total=step.total,
                    placed_at=step.placed_at.isoformat(),
                    customer=step.customer,
                    merchant=step.merchant,
                    late_entry=step.late_entry,
                )
            case _:
                raise TypeError(f"no step of an order: {step!r}")
