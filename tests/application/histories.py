"""Histories that were told to a core, and what of them was recorded."""

from collections.abc import Iterable, Sequence

from hypothesis import strategies as st

from regulars.adapters.memory import MemoryStorage
from regulars.application.events import Command, Pending, Recorded, Retired
from regulars.application.ports import EventLog
from tests.application.memory_crm import TENANT, Parts, memory_core, request
from tests.domain.fillings import PLAIN
from tests.domain.strategies import histories


def tell(town: Parts, commands: Iterable[Command]) -> Parts:
    """Every command by itself; what is refused is left out."""
    for command in commands:
        town.execute_all(request(command))
    return town


def told(commands: Sequence[Command]) -> Parts:
    return tell(memory_core(), commands)


towns: st.SearchStrategy[Parts] = histories(PLAIN, most_orders=3).map(told)
"""Towns in memory whose views went along with every command."""


def copied(events: Iterable[Recorded], log: EventLog) -> list[Recorded]:
    """
    Record `events` in another log, as if the others had never been; returns them as they are there.

    Versions and positions are counted anew.
    """
    ends: dict[str, int] = {}
    batch: list[Pending] = []
    for one in events:
        assert not isinstance(one.event, Retired)
        if one.stream not in ends:
            ends[one.stream] = sum(1 for _ in log.stream(one.stream))
        ends[one.stream] += 1
        batch.append(
            Pending(
                stream=one.stream,
                version=ends[one.stream],
                event=one.event,
                event_id=one.event_id,
                occurred_at=one.occurred_at,
                actor=one.actor,
                correlation=one.correlation,
                causation=one.causation,
                fingerprint=one.fingerprint,
            )
        )
    before = log.head()
    log.append(batch, recorded_at=0)
    return list(log.read(after=before))


def storage_of(events: Iterable[Recorded]) -> MemoryStorage:
    storage = MemoryStorage(tenant=TENANT)
    copied(events, storage.log)
    return storage
