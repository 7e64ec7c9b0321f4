"""From stored payloads of older versions to current ones: upcasters, and the chain they make."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

from attrs import frozen

Stored: TypeAlias = tuple[str, int]
"""A name and schema version under which events are stored, or once were."""

Payload: TypeAlias = dict[str, Any]
"""The JSON object that a stored body holds. Times and boxes are text in it."""

Turned: TypeAlias = tuple[str, int, Payload]
"""A payload and the name and schema version that it has now."""


@frozen(kw_only=True)
class Upcaster:
    """
    What has become of the payloads stored as `of`: none, one or several, each stored as of `into`.

    `turn` is pure: it knows no clock and looks nothing up, and what it is given stays as it is.
    An empty `into` says that these events mean nothing any more.
    """

    of: Stored
    into: tuple[Stored, ...]
    turn: Callable[[Payload], Iterable[Turned]]


@frozen(kw_only=True)
class BrokenChain(ValueError):
    """These upcasters do not lead every older version to current ones."""

    faults: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.faults)


class Astray(ValueError):
    """An upcaster gave a name or version that it does not announce."""


class Chain:
    """
    Leads the payloads of every older name and version to current ones.

    `older` are the names and versions that are read and no longer written, each with what its
    upcaster leads to; `turns` are what leads there.

    Raises:
        BrokenChain: a version is left out, leads to nothing known or in a circle, or is current.
    """

    def __init__(self, current: Iterable[Stored], upcasters: Sequence[Upcaster] = ()) -> None:
        self._current = frozenset(current)
        self._upcasters = {upcaster.of: upcaster for upcaster in upcasters}
        self.older: Mapping[Stored, tuple[Stored, ...]] = {
            upcaster.of: upcaster.into for upcaster in upcasters
        }
        self.turns = {upcaster.of: upcaster.turn for upcaster in upcasters}
        faults = (
            *_twice(upcasters),
            *_from_current(upcasters, self._current),
            *_to_nowhere(upcasters, self._current),
            *_left_out(self._current, self.older),
            *_circles(self.older),
        )
        if faults:
            raise BrokenChain(faults=faults)
        self._ends = {stored: frozenset({stored}) for stored in self._current}
        for stored in TopologicalSorter(self.older).static_order():
            if stored in self.older:
                ends = (self._ends[into] for into in self.older[stored])
                self._ends[stored] = frozenset[Stored]().union(*ends)

    def origins(self, current: Stored) -> frozenset[Stored]:
        """The names and versions, itself among them, whose payloads may have become `current`."""
        return frozenset(stored for stored, ends in self._ends.items() if current in ends)

    def run(self, stored: Stored, payload: Payload) -> Iterator[Turned]:
        """
        What `payload`, stored as an older name and version, has become, in order.

        Raises:
            KeyError: `stored` is no older name and version.
            Astray: an upcaster gave what it does not announce.
        """
        upcaster = self._upcasters[stored]
        for name, version, turned in upcaster.turn(payload):
            if (name, version) not in upcaster.into:
                raise Astray
            if (name, version) in self._current:
                yield name, version, turned
            else:
                yield from self.run((name, version), turned)


def _named(stored: Stored) -> str:
    name, version = stored
    return f"{name} {version}"


def _twice(upcasters: Sequence[Upcaster]) -> Iterator[str]:
    seen = set[Stored]()
    for upcaster in upcasters:
        if upcaster.of in seen:
            yield f"{_named(upcaster.of)} has two upcasters"
        seen.add(upcaster.of)


def _from_current(upcasters: Sequence[Upcaster], current: frozenset[Stored]) -> Iterator[str]:
    for upcaster in upcasters:
        if upcaster.of in current:
            yield f"{_named(upcaster.of)} is current and has an upcaster"


def _to_nowhere(upcasters: Sequence[Upcaster], current: frozenset[Stored]) -> Iterator[str]:
    known = current.union(upcaster.of for upcaster in upcasters)
    for upcaster in upcasters:
        for into in upcaster.into:
            if into not in known:
                yield f"{_named(upcaster.of)} leads to {_named(into)}, which nothing reads"


def _left_out(current: frozenset[Stored], older: Collection[Stored]) -> Iterator[str]:
    newest = dict(sorted(current.union(older)))
    for name, last in newest.items():
        for version in range(1, last):
            if (name, version) not in older:
                yield f"{name} {version} is older than {name} {last} and has no upcaster"


def _circles(older: Mapping[Stored, tuple[Stored, ...]]) -> Iterator[str]:
    try:
        TopologicalSorter(older).prepare()
    except CycleError as error:
        circle: list[Stored] = error.args[1]
        yield f"upcasters lead in a circle: {' -> '.join(map(_named, reversed(circle)))}"
