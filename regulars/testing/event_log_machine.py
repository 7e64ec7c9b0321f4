"""Anything that can be asked of an event log, in any order, against lists that are searched."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count, takewhile
from time import monotonic
from typing import Any, ClassVar, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from regulars.application.errors import AlreadyRecorded, StaleHistory
from regulars.application.events import EventId, Pending, Recorded
from regulars.application.ports import EventLog
from regulars.domain.order import OrderAccepted, OrderReady
from regulars.domain.values import OrderId
from regulars.testing.pending_events import NOW, append, run

KINDS: Final[list[type[OrderAccepted | OrderReady]]] = [OrderAccepted, OrderReady]

tenants = st.sampled_from(["shop", "other"])
streams = st.sampled_from(["a", "A", "b/ü"])
kinds = st.sampled_from(KINDS)
slips = st.sampled_from([*[0] * 12, 1, -1])
old_ids = st.sampled_from([*[False] * 20, True])
marks = st.integers(0, 30)
times = st.integers(NOW - 3, NOW + 3)
narrows = st.fixed_dictionaries(
    {},
    optional={
        "types": st.sets(kinds),
        "prefix": st.sampled_from(["", "a", "A", "b/", "b/ü", "ü", "%"]),
        "recorded_by": times,
        "occurred_by": times,
    },
)
causes = st.sampled_from(["one", "two"])

_MEASURED: Final = 5
"""Appends by which a log is found to be slow."""

_FEWEST: Final = 5
"""Histories that even a slow log is asked for."""


def numbered(tenant: str, number: int) -> EventId:
    """An id of the tenant's, two of them to a request."""
    request, place = divmod(number, 2)
    return EventId(tenant.encode().ljust(8) + request.to_bytes(5, "big") + place.to_bytes(3, "big"))


class EventLogMachine(RuleBasedStateMachine):
    """
    What is in a log, told twice: by the log, and by a list of all events of all tenants.

    `opening` opens the log of a tenant; all of them are in one store, which may have events in it.
    """

    shops: ClassVar[Iterator[int]] = count(1)

    def __init__(self, opening: Callable[[str], EventLog]) -> None:
        super().__init__()
        # Tenants of their own for each example, so that all examples may share one database.
        shop = next(self.shops)
        self.names = {"shop": f"s{shop}", "other": f"o{shop}"}
        self.logs = {name: opening(name) for name in self.names.values()}
        self.start = self.logs[self.names["shop"]].head()
        self.told: list[Recorded] = []
        self.heads: dict[str, int] = {}
        self.ids = 0

    def of(self, tenant: str) -> list[Recorded]:
        """What the list tells of a tenant, oldest first."""
        return [one for one in self.told if one.tenant == tenant]

    @rule(
        tenant=tenants,
        wanted=st.lists(st.tuples(streams, kinds, slips, old_ids, times), min_size=1, max_size=4),
        cause=causes,
        at=times,
    )
    def append(
        self,
        tenant: str,
        wanted: list[tuple[str, type[OrderAccepted | OrderReady], int, bool, int]],
        cause: str,
        at: int,
    ) -> None:
        """A batch is recorded whole, or refused for what is wrong with it."""
        tenant = self.names[tenant]
        ends = {one.stream: one.version for one in self.of(tenant)}
        batch: list[Pending] = []
        for stream, kind, slip, old_id, occurred_at in wanted:
            ends[stream] = ends.get(stream, 0) + 1
            self.ids += not old_id
            batch.append(
                Pending(
                    stream=stream,
                    version=ends[stream] + slip,
                    event=kind(order=OrderId(stream)),
                    event_id=numbered(tenant, self.ids),
                    occurred_at=occurred_at,
                    actor="agent:7",
                    correlation="talk",
                    causation=cause,
                )
            )
        ids = [one.event_id for one in batch]
        repeated = len(set(ids)) < len(ids) or any(one.event_id in ids for one in self.of(tenant))
        slipped = any(slip for _, _, slip, *_ in wanted)
        if repeated or slipped:
            with pytest.raises((AlreadyRecorded,) * repeated + (StaleHistory,) * slipped):
                self.logs[tenant].append(batch, recorded_at=at)
            return
        last = self.logs[tenant].append(batch, recorded_at=at)
        assert last - len(batch) >= self.heads.get(tenant, self.start)
        self.tell(tenant, batch, last, at)

    def tell(self, tenant: str, batch: Sequence[Pending], last: int, at: int) -> None:
        """Add to the list what the log has taken, up to this position."""
        self.heads[tenant] = last
        for position, one in enumerate(batch, last - len(batch) + 1):
            self.told.append(
                Recorded(
                    position=position,
                    stream=one.stream,
                    version=one.version,
                    event=one.event,
                    event_id=one.event_id,
                    occurred_at=one.occurred_at,
                    recorded_at=at,
                    type=type(one.event).__name__,
                    schema=1,
                    tenant=tenant,
                    actor="agent:7",
                    correlation="talk",
                    causation=one.causation,
                    fingerprint=None,
                )
            )

    @rule(
        tenant=tenants,
        after=marks,
        upto=st.none() | marks,
        narrow=narrows,
        cause=causes,
    )
    def read(
        self,
        tenant: str,
        after: int,
        upto: int | None,
        narrow: dict[str, Any],
        cause: str,
    ) -> None:
        """What is between two positions, or is narrowed further, is what the list has there."""
        log = self.logs[tenant := self.names[tenant]]
        near = log.head() - self.start + 2
        after = self.start + after % near
        upto = None if upto is None else self.start + upto % near
        past = [one for one in self.of(tenant) if one.position > after]
        between = [one for one in past if upto is None or one.position <= upto]
        assert list(log.read(after=after, upto=upto)) == between
        assert list(log.read(after=after, upto=upto, **narrow)) == [
            one
            for one in between
            if type(one.event) in narrow.get("types", KINDS)
            and one.stream[: len(narrow.get("prefix", ""))] == narrow.get("prefix", "")
            and one.recorded_at < narrow.get("recorded_by", NOW + 3) + 1
            and one.occurred_at < narrow.get("occurred_by", NOW + 3) + 1
        ]
        narrow = {word: narrow[word] for word in narrow if word in {"types", "occurred_by"}}
        assert list(log.occurrences(after=after, upto=upto, **narrow)) == [
            one.occurrence for one in log.read(after=after, upto=upto, **narrow)
        ]
        caused = takewhile(lambda one: one.causation == cause, past)
        assert list(log.caused_by(cause, after=after)) == list(caused)

    @rule(
        tenant=tenants,
        names=st.sets(streams),
        after=st.integers(0, 8),
        upto=st.none() | st.integers(0, 8),
        numbers=st.sets(st.integers(1, 30)),
    )
    def look_up(
        self, tenant: str, names: set[str], after: int, upto: int | None, numbers: set[int]
    ) -> None:
        """What is known by a name or an id is what the list finds under it."""
        tenant = self.names[tenant]
        log, told = self.logs[tenant], self.of(tenant)
        ids = {numbered(tenant, number) for number in numbers}
        streams = {name: [one for one in told if one.stream == name] for name in names}
        assert log.streams(names) == {
            name: [one.occurrence for one in found] for name, found in streams.items() if found
        }
        for name, found in streams.items():
            assert list(log.stream(name, after=after, upto=upto)) == found[after:upto]
            facts = [(one.version, one.event, one.occurred_at) for one in found]
            assert list(log.facts(name, after=after)) == facts[after:]
        firsts = {
            one.event_id[:13]: one for one in sorted(told, key=lambda one: one.event_id)[::-1]
        }
        assert log.find(ids) == {one: firsts[one[:13]] for one in ids if one[:13] in firsts}

    @invariant()
    def nothing_is_lost(self) -> None:
        """The log tells everything, in the order of the list."""
        for tenant in self.names.values():
            assert list(self.logs[tenant].read(after=self.start)) == self.of(tenant)
            assert self.logs[tenant].head() >= self.heads.get(tenant, self.start)


def explore(
    opening: Callable[[str], EventLog],
    exploring: settings | None = None,
    *,
    seconds: float = 20,
) -> None:
    """
    Asks a log for anything, in many histories, and fails with the shortest that shows a fault.

    Args:
        opening: opens the log of a tenant; it is called with tenants of their own for each
            history, and all of them are in one store.
        exploring: how long; None for what the profile of Hypothesis says, or, of a slow log, for
            as many histories as take about `seconds`, and five at least.
        seconds: about how long a slow log is explored.
    """

    class Opened(EventLogMachine):
        def __init__(self) -> None:
            super().__init__(opening)

    # A store on a disk is slow, which is no fault of a history.
    patient = settings(
        exploring or _affordable(opening("measured"), seconds),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(Opened, settings=patient)


def _affordable(log: EventLog, seconds: float) -> settings:
    """The profile of Hypothesis with so many histories as this log has the time for."""
    usual = settings()
    begun = monotonic()
    for version in range(1, _MEASURED + 1):
        append(log, *run("a", version))
        list(log.read())
    step = (monotonic() - begun) / _MEASURED
    histories = int(seconds / (step * usual.stateful_step_count))
    return settings(usual, max_examples=min(usual.max_examples, max(_FEWEST, histories)))
