"""What every `ViewStore` promises."""

from abc import ABC, abstractmethod
from typing import Any, Final

from attrs import define

from regulars.application.ports import ViewStore
from regulars.application.views import View


@define
class Sold:
    """A row with every kind of field that the rows of views have."""

    day: int
    item: str
    times: int = 0
    name: str | None = None
    price: int | None = None
    by: dict[str, int] | None = None
    on: tuple[int, ...] = ()


def _nothing(*_: object) -> Any:  # noqa: ANN401 - the store never asks
    return ()


def view(name: str = "sold", version: int = 1) -> View[Sold, Any]:
    """A view of these rows, indexed by item."""
    return View(
        name=name,
        version=version,
        row=Sold,
        key=("day", "item"),
        reads=frozenset(),
        parts=_nothing,
        fold=_nothing,
        indexes=("item",),
    )


SOLD: Final = view()
NEWER: Final = view(version=2)
OTHER: Final = view(name="other")
VIEWS: Final = (SOLD, NEWER, OTHER)
"""The views whose rows the contract saves."""


def save(store: ViewStore, *rows: Sold, view: View[Sold, Any] = SOLD, checkpoint: int = 1) -> None:
    """Save rows of one view."""
    store.save({view: rows}, checkpoint=checkpoint)


class ViewStoreContract(ABC):
    """
    The promises of the `ViewStore` port, a test each, for a subclass that pytest collects.

    Every test has an instance of its own and begins with a place that has nothing in it.
    """

    @abstractmethod
    def open(self, tenant: str) -> ViewStore:
        """Opens the store of a tenant, once a test, with room for `VIEWS`; all are in one place."""

    def test_a_row_comes_back_whole(self) -> None:
        store = self.open("shop")
        row = Sold(-1, "soup 汤", 2, "", 2**63 - 1, {"a/b": -(2**63), "": 0}, (1, 2))
        bare = Sold(0, "")

        save(store, row, bare)

        assert store.load(SOLD, [(-1, "soup 汤"), (0, "")]) == {(-1, "soup 汤"): row, (0, ""): bare}

    def test_a_row_is_written_over_the_one_with_its_key(self) -> None:
        store = self.open("shop")
        save(store, Sold(1, "soup", 1, "Soup", 3, {"a": 1}), Sold(1, "tea", 5))

        save(store, Sold(1, "soup", 2))

        assert list(store.rows(SOLD)) == [Sold(1, "soup", 2), Sold(1, "tea", 5)]

    def test_a_key_without_a_row_is_left_out(self) -> None:
        store = self.open("shop")
        save(store, Sold(1, "soup"), Sold(2, "tea"))

        assert store.load(SOLD, [(1, "soup"), (1, "tea"), (2, "soup")]).keys() == {(1, "soup")}
        assert store.load(SOLD, []) == {}

    def test_many_rows_are_loaded_at_once(self) -> None:
        store = self.open("shop")
        rows = {(day, f"item {day % 7}"): Sold(day, f"item {day % 7}", day) for day in range(1_000)}
        save(store, *rows.values())

        assert store.load(SOLD, [*rows, (5, "item 1")]) == rows

    def test_the_caller_owns_what_it_is_given(self) -> None:
        store = self.open("shop")
        saved = Sold(1, "soup", by={"a": 1})
        save(store, saved)
        saved.times = 9
        (saved.by or {})["a"] = 9
        for given in (store.load(SOLD, [(1, "soup")])[1, "soup"], next(store.rows(SOLD))):
            given.times = 7
            (given.by or {})["a"] = 7

        assert list(store.rows(SOLD)) == [Sold(1, "soup", by={"a": 1})]

    def test_rows_come_in_the_order_of_their_keys(self) -> None:
        store = self.open("shop")
        keys = [(2, "a"), (-3, "z"), (10, "A"), (2, "B"), (2, "é"), (2, ""), (2, "a\x01"), (2, "𝄞")]
        save(store, *(Sold(day, item) for day, item in keys))

        assert [(row.day, row.item) for row in store.rows(SOLD)] == sorted(keys)

    def test_rows_are_found_by_the_value_of_a_field(self) -> None:
        store = self.open("shop")
        save(store, Sold(1, "soup", 1), Sold(1, "tea", 2), Sold(2, "tea", 2), Sold(3, "Tea", 2))

        assert [row.day for row in store.rows(SOLD, item="tea")] == [1, 2]
        assert [row.day for row in store.rows(SOLD, item="tea", day=2)] == [2]
        assert [row.day for row in store.rows(SOLD, times=2)] == [1, 2, 3]
        assert list(store.rows(SOLD, item="water")) == []

    def test_a_checkpoint_is_kept_with_the_rows(self) -> None:
        store = self.open("shop")
        assert store.checkpoint(SOLD) == 0

        save(store, Sold(1, "soup"), checkpoint=7)
        assert (store.checkpoint(SOLD), store.checkpoint(OTHER)) == (7, 0)

        store.save({SOLD: (), OTHER: ()}, checkpoint=2**40)
        assert (store.checkpoint(SOLD), store.checkpoint(OTHER)) == (2**40, 2**40)
        assert list(store.rows(SOLD)) == [Sold(1, "soup")]

    def test_a_cleared_view_is_as_new(self) -> None:
        store = self.open("shop")
        save(store, Sold(1, "soup"), checkpoint=7)
        save(store, Sold(1, "tea"), view=OTHER, checkpoint=8)

        store.clear(SOLD)

        assert (list(store.rows(SOLD)), store.checkpoint(SOLD)) == ([], 0)
        assert store.load(SOLD, [(1, "soup")]) == {}
        assert (list(store.rows(OTHER)), store.checkpoint(OTHER)) == ([Sold(1, "tea")], 8)
        store.clear(NEWER)

    def test_versions_of_a_view_are_views_of_their_own(self) -> None:
        store = self.open("shop")
        save(store, Sold(1, "soup", 1), checkpoint=5)

        save(store, Sold(1, "soup", 2), view=NEWER, checkpoint=6)

        assert [row.times for row in (*store.rows(SOLD), *store.rows(NEWER))] == [1, 2]
        assert (store.checkpoint(SOLD), store.checkpoint(NEWER)) == (5, 6)

    def test_tenants_see_nothing_of_each_other(self) -> None:
        mine, theirs = self.open("shop"), self.open("other")
        save(mine, Sold(1, "soup", 1), checkpoint=5)
        save(theirs, Sold(1, "soup", 2), Sold(1, "tea"), checkpoint=6)

        theirs.clear(SOLD)

        assert list(mine.rows(SOLD)) == [Sold(1, "soup", 1)]
        assert mine.load(SOLD, [(1, "soup"), (1, "tea")]) == {(1, "soup"): Sold(1, "soup", 1)}
        assert (mine.checkpoint(SOLD), theirs.checkpoint(SOLD)) == (5, 0)
        assert theirs.load(SOLD, [(1, "soup")]) == {}
