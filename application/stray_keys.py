"""
Keys of which the key store and the log tell different things, whichever of them was changed.

They are there although an erasure destroyed them, or erased although none did.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

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
from regulars.domain.erasure import Completed, Erasure, Requested
from regulars.domain.personal import DataClass
from regulars.domain.records import answering
from regulars.domain.values import CustomerId, ErasureId

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
    told = _told(log, name.subject, name.data_class)
    if told.open_to_all:
        return 0
    # A fence never held a key, and stands behind the last version that its erasure took.
    return sum(
        key.version not in told.taken and (key.kek is not None or key.version not in told.fences)
        for key in erased
    )


def took(log: EventLog, subject: str, data_class: DataClass, version: int) -> bool:
    """Whether an erasure that the log tells of took that version of a key, or is about to."""
    told = _told(log, subject, data_class)
    return told.open_to_all or version in told.taken


class _Told(NamedTuple):
    """
    The versions of a key that erasures took, and those that they left as fences.

    With `open_to_all` the whole class is erased, or is being erased, whatever versions it has.
    """

    open_to_all: bool
    taken: set[int]
    fences: set[int]


def _told(log: EventLog, subject: str, data_class: DataClass) -> _Told:
    told = _Told(open_to_all=False, taken=set(), fences=set())
    for speaker, asked_before in _answering(log, subject):
        state, theirs = Erasure(), set[ErasureId]()
        held = Held(ERASURE, state)
        for fact in log.facts(erasure_stream_of(speaker)):
            event, known = fact[1], len(state.asked)
            held.fold([fact])
            if isinstance(event, Requested) and known >= asked_before:
                theirs.add(event.erasure)
            if (
                isinstance(event, Completed)
                and data_class in event.classes
                and event.erasure in theirs
            ):
                taken = {
                    key.version
                    for key in event.keys
                    if (key.subject, key.data_class) == (subject, data_class)
                }
                told.taken.update(taken)
                told.fences.add(max(taken, default=0) + 1)
        if data_class in state.erased | (state.pending.keys() - state.held):
            return told._replace(open_to_all=True)
    return told


def _answering(log: EventLog, subject: str) -> Iterator[tuple[str, int]]:
    """
    The subject, and everybody who ever spoke for them, whose erasures are theirs.

    With how many erasures each had asked for before: those were theirs alone.
    """
    yield subject, 0
    if subject.startswith(CUSTOMER):
        customer, records = CustomerId(subject.removeprefix(CUSTOMER)), records_in(log)
        for speaker in answering(customer, records)[1:]:
            absorbed = records(speaker).absorbed.items()
            came = [one.erasures for who, one in absorbed if customer in {who, *one.further}]
            yield key_subject(speaker), max(came)


def _order(name: KeyName) -> tuple[str, str]:
    return name.subject, name.data_class.value
