"""A shop's log to work on: orders placed through the core, and what they recorded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.files import opened
from benchmarks.orders import CUSTOMERS, lives, order_id
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.application.aggregates import account_stream, order_stream
from regulars.application.door import Request
from regulars.application.events import Event, Pending, Recorded, Retired
from regulars.domain import order
from regulars.domain.values import CustomerId, ProgramId

_COMMANDS_AT_ONCE: Final = 600
_PROGRAM: Final = ProgramId("default")


def place(file: Path, orders: int) -> None:
    """Place and deliver `orders` of them in a new database, boxes sealed and points earned."""
    commands = list(lives(0, orders))
    with opened(file, views="deferred") as crm:
        for start in range(0, len(commands), _COMMANDS_AT_ONCE):
            some = commands[start : start + _COMMANDS_AT_ONCE]
            crm.execute_all(
                [
                    Request(id=f"{start + number}", commands=(command,), by="host")
                    for number, command in enumerate(some)
                ]
            )


def order_streams(orders: int) -> list[str]:
    """The streams of the orders that were placed, by their numbers."""
    return [order_stream(order_id(number)) for number in range(orders)]


def account_streams(orders: int) -> list[str]:
    """The streams of the accounts that the placed orders earned in, by the customers' numbers."""
    numbers = range(min(orders, CUSTOMERS))
    return [account_stream(_PROGRAM, CustomerId(f"c-{number:06}")) for number in numbers]


def told(log: SqlLog, stream: str) -> list[Event]:
    """The events of one stream."""
    return [event for _, event, _ in log.facts(stream) if not isinstance(event, Retired)]


def steps(file: Path, orders: int) -> Iterator[Pending]:
    """
    The events of that many orders as they are before they are recorded, points left out.

    They are in an order in which any log may record them one by one; `file` is a new database.
    """
    place(file, orders)
    yield from recorded_steps(file)


def recorded_steps(file: Path) -> Iterator[Pending]:
    """The same for orders that were placed in `file` before."""
    database = Database(f"sqlite:///{file}")
    try:
        for recorded in SqlLog(database).read():
            if isinstance(recorded.event, order.Event):
                yield _pending(recorded, recorded.event)
    finally:
        database.close()


def _pending(recorded: Recorded, event: Event) -> Pending:
    return Pending(
        stream=recorded.stream,
        version=recorded.version,
        event=event,
        event_id=recorded.event_id,
        occurred_at=recorded.occurred_at,
        actor=recorded.actor,
        correlation=recorded.correlation,
        causation=recorded.causation,
        fingerprint=recorded.fingerprint,
    )
