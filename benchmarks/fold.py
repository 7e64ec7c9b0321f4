"""`fold` and `handled`: the whole log folded in memory, or one type, against stock."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final, cast, get_args
from uuid import UUID

from attrs import frozen
from eventsourcing.application import Application

from benchmarks.measure import Benchmark, Result, Settings, Side, alternate, timed
from benchmarks.placed import account_streams, order_streams, place, told
from benchmarks.stock import StockOrder, stock_application, stock_copies
from benchmarks.stock_accounts import EARNED, StockAccount, save_accounts
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.application.aggregates import ACCOUNT, ORDER, PROGRAM, Aggregate
from regulars.application.collection import collection_paused
from regulars.application.events import moment
from regulars.domain import loyalty, order, program
from regulars.domain.loyalty import PointsEarned
from regulars.domain.order import Order, Stage

_PAGE: Final = 1_000
_AGGREGATES: Final[dict[type[Any], Aggregate]] = {
    kind: aggregate
    for events, aggregate in ((order, ORDER), (loyalty, ACCOUNT), (program, PROGRAM))
    for kind in get_args(events.Event)
}


@frozen
class _Logs:
    """The same events in our log and in stock eventsourcing's."""

    log: SqlLog
    stock: Application[UUID]
    orders: int
    events: int

    def fold(self) -> int:
        """Fold every stream of ours. Returns how many orders were delivered."""
        states: dict[str, Any] = {}
        with collection_paused():
            for _, stream, _, event, occurred_at in self.log.occurrences():
                aggregate = _AGGREGATES[type(event)]
                state = states.get(stream)
                if state is None:
                    state = states[stream] = aggregate.state()
                aggregate.fold(state, event, moment(occurred_at))
        return sum(
            state.stage is Stage.DELIVERED for state in states.values() if type(state) is Order
        )

    def stock_fold(self) -> int:
        """Fold every aggregate there. Returns how many orders were delivered."""
        states: dict[UUID, Any] = {}
        for event in self.stock_events():
            states[event.originator_id] = event.mutate(states.get(event.originator_id))
        return sum(
            state.stage is Stage.DELIVERED for state in states.values() if type(state) is StockOrder
        )

    def points(self) -> Counter[str]:
        """The points of every customer, from events of ours."""
        points = Counter[str]()
        for happened in self.log.occurrences(types={PointsEarned}):
            earned = cast("PointsEarned", happened.event)
            points[earned.customer] += earned.points
        return points

    def stock_points(self, topics: Sequence[str] = ()) -> Counter[str]:
        """The points of every customer, from events there; of `topics` or all."""
        points = Counter[str]()
        for event in self.stock_events(topics):
            if isinstance(event, StockAccount.Earned):
                points[event.customer] += event.points
        return points

    def stock_events(self, topics: Sequence[str] = ()) -> Iterator[Any]:
        """The events of the log there, page by page."""
        start: int | None = None
        while True:
            page = self.stock.recorder.select_notifications(
                start, _PAGE, topics=topics, inclusive_of_start=False
            )
            yield from map(self.stock.mapper.to_domain_event, page)
            if len(page) < _PAGE:
                return
            start = page[-1].id


@contextmanager
def _logs(settings: Settings, folder: Path) -> Generator[_Logs]:
    orders = 150 if settings.quick else 10_000
    file = folder / "ours.db"
    place(file, orders)
    database, stock = Database(f"sqlite:///{file}"), stock_application(folder / "stock.db")
    log = SqlLog(database)
    try:
        stock_copies(stock, (told(log, name) for name in order_streams(orders)))
        save_accounts(stock, (told(log, name) for name in account_streams(orders)))
        yield _Logs(log, stock, orders, log.head())
    finally:
        stock.close()
        database.close()


def _side(work: Callable[[], object], *, events: int, result: object) -> Side:
    def side() -> tuple[int, float]:
        with timed() as elapsed:
            found = work()
        if found != result:
            raise ValueError(f"{found} came out, not {result}")
        return events, elapsed.seconds

    return side


def _folded(settings: Settings, folder: Path) -> Result:
    with _logs(settings, folder) as logs:
        rates, stock_rates = alternate(
            _side(logs.fold, events=logs.events, result=logs.orders),
            _side(logs.stock_fold, events=logs.events, result=logs.orders),
            runs=settings.runs,
        )
        sizes = {"orders": logs.orders, "events": logs.events}
    return Result(
        unit="events of the log per second",
        ours=rates,
        reference=stock_rates,
        ours_is="EventLog.occurrences, and the fold of every order, account and programme",
        reference_is=(
            "stock eventsourcing on its SQLite module: recorder.select_notifications by the"
            " thousand, mapper, and mutate of every order and account"
        ),
        sizes=sizes,
        durability="reads only; each side with the settings that it comes with",
        left_out=("a second process", "boxes stay sealed on both sides"),
    )


def _handled(settings: Settings, folder: Path) -> Result:
    with _logs(settings, folder) as logs:
        points = logs.points()
        stock = _side(logs.stock_points, events=logs.events, result=points)
        by_topic = _side(lambda: logs.stock_points([EARNED]), events=logs.events, result=points)
        filtered: list[float] = []

        def both() -> tuple[int, float]:
            events, seconds = by_topic()
            filtered.append(events / seconds)
            return stock()

        rates, stock_rates = alternate(
            _side(logs.points, events=logs.events, result=points), both, runs=settings.runs
        )
        sizes = {"orders": logs.orders, "events": logs.events, "handled": logs.orders}
    pairs = [one / other for one, other in zip(rates, filtered[1:], strict=True)]
    return Result(
        unit="events of the log per second",
        ours=rates,
        reference=stock_rates,
        ours_is="EventLog.occurrences of PointsEarned alone, added up by customer",
        reference_is=(
            "stock eventsourcing on its SQLite module: recorder.select_notifications by the"
            " thousand, mapper, and the same events added up"
        ),
        sizes=sizes,
        durability="reads only; each side with the settings that it comes with",
        left_out=("a second process",),
        details={
            "vs_stock_by_topic": float(f"{median(pairs):.3g}"),
            "stock by topic, events of the log per second": [round(one) for one in filtered[1:]],
        },
    )


FOLD: Final = Benchmark(
    name="fold",
    line="the whole log decoded and folded in memory, against stock eventsourcing",
    goal=4,
    run=_folded,
)
HANDLED: Final = Benchmark(
    name="handled",
    line="one type of the whole log decoded and added up, against stock that decodes all",
    goal=8,
    run=_handled,
)
