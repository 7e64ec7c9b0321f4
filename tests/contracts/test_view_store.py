from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryViews
from regulars.adapters.view_store import SqlViews
from regulars.application.catalogue import VIEWS
from regulars.application.customer import OpenOrder
from regulars.application.ports import ViewStore
from regulars.application.views import Key, View
from regulars.domain.offer_terms import Terms
from regulars.testing import ViewStoreContract, view_stores
from regulars.testing.view_stores import SOLD, Sold, save
from tests.contracts.broken_promises import failed_by, fails, promises
from tests.domain.fillings import Filling, built, terms
from tests.postgres_server import new_database

Row = TypeVar("Row")
Part = TypeVar("Part")

naughty = st.one_of(
    st.sampled_from(["", "null", "1e5", "007", "NaN", '"', "'; --", "%", "\x00", "\ufeff", "🥟"]),
    st.text(max_size=12),
)
numbers = st.integers(-(2**63), 2**63 - 1)
counts = st.dictionaries(naughty, numbers, max_size=2)
PLAIN_ROW: Filling = {
    NoneType: st.none(),
    str: naughty,
    int: numbers,
    list[str]: st.lists(naughty, max_size=2),
    dict[str, int]: counts,
    dict[int, int]: st.dictionaries(numbers, numbers, max_size=2),
}
ANY_ROW: Filling = {
    **PLAIN_ROW,
    dict[str, OpenOrder]: st.dictionaries(naughty, built(OpenOrder, PLAIN_ROW), max_size=1),
    Terms: terms,
}


def rows_of(view: View[Any, Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(built(view.row, ANY_ROW), max_size=3, unique_by=view.key_of)


@pytest.fixture(scope="module")
def both() -> Iterator[list[ViewStore]]:
    database = Database("sqlite://")
    yield [MemoryViews(), SqlViews(database, [*VIEWS, SOLD])]
    database.close()


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database("sqlite://")
    yield database
    database.close()


class TestMemoryViews(ViewStoreContract):
    def open(self, tenant: str) -> MemoryViews:  # noqa: ARG002 - each tenant's are an object
        return MemoryViews()


class TestSqlViews(ViewStoreContract):
    database: Database

    @pytest.fixture(autouse=True, params=["file", "sqlite in memory", "postgresql"])
    def place(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
        urls = {"file": f"sqlite:///{tmp_path / 'shop.db'}", "sqlite in memory": "sqlite://"}
        url = urls.get(request.param) or new_database()
        with closing(Database(url, synchronous="NORMAL")) as self.database:
            yield

    def open(self, tenant: str) -> SqlViews:
        return SqlViews(self.database, view_stores.VIEWS, tenant=tenant)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize("count", [1, 100])
def test_the_rows_of_any_keys_are_found_by_their_index(
    database: Database, view: View[Any, Any], count: int
) -> None:
    views, statements = SqlViews(database, VIEWS), list[str]()
    driver: Any = database.driver
    driver.set_trace_callback(statements.append)
    assert views.load(view, [(f"key {number}",) * len(view.key) for number in range(count)]) == {}
    driver.set_trace_callback(None)

    asked = {statement for statement in statements if statement.startswith("SELECT")}
    plans = [
        row[-1]
        for statement in asked
        for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    ]
    found = [plan for plan in plans if plan.startswith(f"SEARCH view_{view.name}_{view.version} ")]
    assert len(found) == len(asked) > 0
    assert all(f"{name}=?" in plan for plan in found for name in view.key)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@given(data=st.data())
def test_any_row_of_any_view_comes_back_as_it_was_saved(
    both: list[ViewStore], view: View[Any, Any], data: st.DataObject
) -> None:
    before, after = data.draw(rows_of(view)), data.draw(rows_of(view))
    kept = {view.key_of(row): row for row in (*before, *after)}

    for store in both:
        store.clear(view)
        store.save({view: before}, checkpoint=1)
        store.save({view: after}, checkpoint=2)

        assert store.load(view, kept) == kept
        assert list(store.rows(view)) == [kept[key] for key in sorted(kept)]
        assert store.checkpoint(view) == 2


@given(steps=st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), numbers), max_size=12))
def test_a_view_store_is_a_dictionary_of_rows(
    both: list[ViewStore], steps: list[tuple[int, str, int]]
) -> None:
    for store in both:
        store.clear(SOLD)
        model: dict[Key, Sold] = {}
        for place, (day, item, times) in enumerate(steps, 1):
            if day:
                model[day, item] = Sold(day, item, times)
                save(store, Sold(day, item, times), checkpoint=place)
            else:
                model.clear()
                store.clear(SOLD)
            assert store.checkpoint(SOLD) == (place if day else 0)
            assert list(store.rows(SOLD)) == [model[key] for key in sorted(model)]


class ForgetsTenants(SqlViews):
    def __init__(self, database: Database, views: Iterable[View[Any, Any]], *, tenant: str) -> None:  # noqa: ARG002 - that is what is broken
        super().__init__(database, views, tenant="shop")


class ForgetsVersions(SqlViews):
    def _of(self, view: View[Any, Any]) -> Any:  # noqa: ANN401 - of the store's own
        return self._stored[view.name, 1]


class KeepsTheFirst(SqlViews):
    def save(self, changed: Mapping[View[Any, Any], Iterable[Any]], *, checkpoint: int) -> None:
        new = {
            view: [row for row in rows if not self.load(view, [view.key_of(row)])]
            for view, rows in changed.items()
        }
        super().save(new, checkpoint=checkpoint)


class KeepsNoCheckpoint(SqlViews):
    def save(self, changed: Mapping[View[Any, Any], Iterable[Any]], *, checkpoint: int) -> None:  # noqa: ARG002 - that is what is broken
        super().save(changed, checkpoint=0)


class LoadsSome(SqlViews):
    def load(self, view: View[Row, Part], keys: Collection[Key]) -> dict[Key, Row]:
        return super().load(view, list(keys)[:400])


class AsTheyCame(MemoryViews):
    def rows(self, view: View[Row, Part], **equal: str | int) -> Iterator[Row]:
        for row in self.kept.get(view, {}).values():
            if all(getattr(row, name) == value for name, value in equal.items()):
                yield row


class LendsItsRows(MemoryViews):
    def load(self, view: View[Row, Part], keys: Collection[Key]) -> dict[Key, Row]:
        kept = self.kept.get(view, {})
        return {key: kept[key] for key in keys if key in kept}


class FindsAny(MemoryViews):
    def rows(self, view: View[Row, Part], **equal: str | int) -> Iterator[Row]:  # noqa: ARG002 - that is what is broken
        return super().rows(view)


class ClearsRowsOnly(MemoryViews):
    def clear(self, view: View[Row, Part]) -> None:
        self.kept.pop(view, None)


def breaks(kind: type[MemoryViews]) -> Iterator[str]:
    """The tests of the contract that fail for a store in memory."""

    class Broken(ViewStoreContract):
        def open(self, tenant: str) -> MemoryViews:  # noqa: ARG002 - each tenant's are an object
            return kind()

    return failed_by(Broken)


def breaks_in_sql(kind: type[SqlViews]) -> Iterator[str]:
    """The tests of the contract that fail for a store in SQL, each in a place of its own."""
    for name in promises(ViewStoreContract):
        with closing(Database("sqlite://")) as database:

            class Broken(ViewStoreContract):
                def open(self, tenant: str) -> SqlViews:
                    return kind(database, view_stores.VIEWS, tenant=tenant)

            if fails(Broken(), name):
                yield name


@pytest.mark.parametrize("broken", [AsTheyCame, LendsItsRows, FindsAny, ClearsRowsOnly])
def test_the_contract_finds_broken_stores_in_memory(broken: type[MemoryViews]) -> None:
    assert any(breaks(broken))


@pytest.mark.parametrize(
    "broken", [ForgetsTenants, ForgetsVersions, KeepsTheFirst, KeepsNoCheckpoint, LoadsSome]
)
def test_the_contract_finds_broken_stores_in_sql(broken: type[SqlViews]) -> None:
    assert any(breaks_in_sql(broken))


def test_a_sound_store_is_not_called_broken() -> None:
    assert list(breaks(MemoryViews)) == []
    assert list(breaks_in_sql(SqlViews)) == []


def test_a_host_may_join_the_columns_of_a_view(database: Database) -> None:
    save(SqlViews(database, [SOLD]), Sold(1, "soup", 2, None, 1299, {"a": 1}))

    columns = 'tenant, day, item, times, name, price, "by"'
    rows = database.driver.execute(f"SELECT {columns} FROM view_sold_1").fetchall()  # noqa: S608 - of this test

    assert rows == [("default", 1, "soup", 2, None, 1299, '{"a":1}')]


def test_a_field_that_readers_look_up_by_has_an_index(database: Database) -> None:
    SqlViews(database, [SOLD])

    query = "EXPLAIN QUERY PLAN SELECT * FROM view_sold_1 WHERE tenant = 'a' AND item = 'soup'"
    steps = [step for *_, step in database.driver.execute(query)]

    assert any("view_sold_1_item" in step for step in steps)
