"""
Views: what the log adds up to, as pure keyed folds.

A view is a name, a version, the events it reads, and two functions: `parts` says which rows an
event touches and with what, `fold` adds one part to one row. Nothing else: no clock, no lookup,
no order but that of the log within a key. From that one definition it runs in memory, in a
database, as part of a command or behind it, and in any partition of its keys.
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeAlias, TypeVar

from attrs import field, frozen

from regulars.application.events import Event, Happened

Row = TypeVar("Row")
Part = TypeVar("Part")
Key: TypeAlias = tuple[str | int, ...]


@frozen(kw_only=True, eq=False)
class View(Generic[Row, Part]):
    """
    The definition of one view.

    `row` is a slotted attrs class whose first fields are the `key`; its other fields have
    defaults, so that `row(*key)` is the row before its first event. The runner owns the rows:
    `fold` writes into the row it is given and returns nothing.
    A change of what the rows mean is a new `version`; the view is then built again from the log.
    `indexes` are fields, beside the key, that readers look rows up by.
    """

    name: str
    version: int
    row: type[Row]
    key: tuple[str, ...]
    reads: frozenset[type[Event]]
    parts: Callable[[Happened], Iterable[tuple[Key, Part]]] = field(repr=False)
    fold: Callable[[Row, Part], None] = field(repr=False)
    indexes: tuple[str, ...] = ()

    def key_of(self, row: Row) -> Key:
        """The key under which `row` is kept."""
        return tuple(getattr(row, name) for name in self.key)
