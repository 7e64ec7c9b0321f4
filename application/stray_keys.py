"""
Keys of which the key store and the log tell different things, whichever of them was changed.

They are there although an erasure destroyed them, or erased although none did.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from attrs import frozen

from regulars.application.aggregates import ERASURE, erasure_stream_of
from regulars.application.certificate import Certificate, certificates
from regulars.application.erasure_sinks import CUSTOMER
from regulars.application.erasure_subjects import KeysOf, Whose, key_subject
from regulars.application.events import Recorded
from regulars.application.keys import KeyName, KeyState, StoredKey
from regulars.application.merging import records_in
from regulars.application.ports import EventLog, Storage
from regulars.application.states import Held
from regulars.domain.erasure import Completed, Erasure
from regulars.domain.personal import DataClass
from regulars.domain.records import answering
from regulars.domain.values import CustomerId

_AT_ONCE: Final = 10_000
"""How many names are looked up in one go."""


@frozen(kw_only=True)
class Returned:
    """
    Keys that are there although the log tells that they were destroyed, as with a backup.

    Where the class has a `new_life`, they are older than it.
    """

    customer: Whose
    data_class: DataClass
    keys: int
    new_life: bool


def returned(
    done: Sequence[Certificate], erased: Collection[DataClass], keys: KeysOf
) -> list[Returned]:
    """The keys of one subject that contradict its certificates; `erased` is erased now."""
    if not done:
        return []
    tenant, whose = done[0].tenant, done[0].customer
    destroyed = {
        (KeyName(tenant, key.subject, key.data_class), key.version)
        for one in done
        for completion in one.completions
        for key in completion.keys
    }
    own = {KeyName(tenant, key_subject(whose), one) for one in erased}
    found = [
        key
        for versions in keys(own | {name for name, _ in destroyed}).values()
        for key in versions
        if key.state is not KeyState.ERASED
        and (key.name.data_class in erased or (key.name, key.version) in destroyed)
    ]
    counts = {of: sum(key.name.data_class is of for key in found) for of in DataClass}
    return [
        Returned(customer=whose, data_class=of, keys=number, new_life=of not in erased)
        for of, number in counts.items()
        if number
    ]


def all_returned(recorded: Iterable[Recorded], keys: KeysOf) -> list[Returned]:
    """The same of every subject, from the events of all erasures."""
    streams: dict[str, list[Recorded]] = {}
    for one in recorded:
        streams.setdefault(one.stream, []).append(one)
    found: list[Returned] = []
    for events in streams.values():
        state = Erasure()
        Held(ERASURE, state).fold((one.version, one.event, one.occurred_at) for one in events)
        found += returned(certificates(events), state.erased, keys)
    return found


@frozen(kw_only=True)
class Unasked:
    """
    Keys of a subject that count as erased although the log tells of no erasure that took them.

    Somebody marked them so, or the log was taken back to before their erasure.
    """

    subject: str
    data_class: DataClass
    keys: int


def all_unasked(storage: Storage, names: Collection[KeyName], keys: KeysOf) -> list[Unasked]:
    """Those of the keys under these names. Not called in a snapshot that began before."""
    ordered, found = sorted(names, key=_order), list[Unasked]()
    for start in range(0, len(ordered), _AT_ONCE):
        # An erasure is told in the log before a key of it goes, so the keys are read first.
        stored = keys(ordered[start : start + _AT_ONCE])
        gone = {
            name: [one for one in of if one.state is KeyState.ERASED] for name, of in stored.items()
        }
        with storage.snapshot():
            for name, erased in gone.items():
                number = _unasked(storage.log, name, erased) if erased else 0
                if number:
                    found.append(
                        Unasked(subject=name.subject, data_class=name.data_class, keys=number)
                    )
    return found


def _unasked(log: EventLog, name: KeyName, erased: Sequence[StoredKey]) -> int:
    taken, fenced = set[tuple[str, DataClass, int]](), 0
    for subject in _answering(log, name.subject):
        state = Erasure()
        facts = list(log.facts(erasure_stream_of(subject)))
        Held(ERASURE, state).fold(facts)
        if name.data_class in state.erased | (state.pending.keys() - state.held):
            return 0
        for _, event, _ in facts:
            if isinstance(event, Completed) and name.data_class in event.classes:
                fenced += 1
                taken |= {(key.subject, key.data_class, key.version) for key in event.keys}
    # Each erasure leaves one version more, its fence, which never held a key.
    fences = sum(key.kek is None for key in erased)
    held = {(*name[1:], key.version) for key in erased if key.kek is not None}
    return len(held - taken) + max(0, fences - fenced)


def _answering(log: EventLog, subject: str) -> Iterable[str]:
    """The subject, and everybody who ever spoke for them, whose erasures are theirs."""
    if not subject.startswith(CUSTOMER):
        return (subject,)
    merged = answering(CustomerId(subject.removeprefix(CUSTOMER)), records_in(log))
    return map(key_subject, merged)


def _order(name: KeyName) -> tuple[str, str]:
    return name.subject, name.data_class.value
