from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from functools import cache
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.database import Database
from regulars.adapters.memory_snapshots import MemorySnapshots
from regulars.adapters.snapshots import SqlSnapshots
from regulars.adapters.state_codec import STATES
from regulars.application.aggregates import ACCOUNT, CUSTOMER, Aggregate
from regulars.application.snapshots import Snapshot, Snapshots
from regulars.testing import SnapshotsContract
from regulars.testing.snapshots import account, filled, keep, load
from tests.contracts.broken_promises import failed_by, fails, promises
from tests.postgres_server import new_database


@pytest.fixture
def database() -> Iterator[Database]:
    with closing(Database("sqlite://")) as database:
        yield database


class TestMemorySnapshots(SnapshotsContract):
    def open(self, tenant: str) -> MemorySnapshots:  # noqa: ARG002 - each tenant's are an object
        return MemorySnapshots()


class TestSqlSnapshots(SnapshotsContract):
    database: Database

    @pytest.fixture(autouse=True, params=["sqlite", "postgresql"])
    def store(self, request: pytest.FixtureRequest) -> Iterator[None]:
        url = "sqlite://" if request.param == "sqlite" else new_database()
        with closing(Database(url, synchronous="NORMAL")) as self.database:
            yield

    def open(self, tenant: str) -> SqlSnapshots:
        return SqlSnapshots(self.database, tenant=tenant)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(-(2**63), 2**63 - 1)),
        max_size=12,
    )
)
def test_snapshots_are_a_dictionary_of_states(steps: list[tuple[str, int, int]]) -> None:
    with closing(Database("sqlite://")) as database:
        for kept in (MemorySnapshots(), SqlSnapshots(database)):
            model: dict[str, Snapshot] = {}
            for stream, version, balance in steps:
                if version:
                    model[stream] = keep(kept, stream, version, balance)
                else:
                    model.clear()
                    kept.forget()
                assert load(kept, *"abc") == model
                assert kept.streams() == sorted(model)


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x80garbage", b"\xa3\xff\xff\xff", b"\xff" * 40])
def test_a_body_that_cannot_be_read_is_as_if_it_had_never_been_kept(
    database: Database, body: bytes
) -> None:
    memory, sql = MemorySnapshots(), SqlSnapshots(database)
    for kept in (memory, sql):
        keep(kept, "a", 1)
    memory.kept["a"] = (1, STATES.mark(ACCOUNT), body)
    database.driver.execute("UPDATE snapshots SET body = ?", (body,))

    for kept in (memory, sql):
        assert load(kept, "a") == {}
        assert kept.streams() == ["a"]


def test_a_cut_body_is_as_if_it_had_never_been_kept(database: Database) -> None:
    kept = SqlSnapshots(database)
    kept.keep("a", CUSTOMER, Snapshot(1, filled(CUSTOMER)))
    database.driver.execute("UPDATE snapshots SET body = substr(body, 1, length(body) - 1)")

    assert load(kept, "a", aggregate=CUSTOMER) == {}


class ForgetsTenants(SqlSnapshots):
    def __init__(self, database: Database, *, tenant: str) -> None:  # noqa: ARG002 - that is what is broken
        super().__init__(database, tenant="shop")


class KeepsTheFirst(SqlSnapshots):
    def keep(self, stream: str, aggregate: Aggregate, snapshot: Snapshot) -> None:
        if stream not in self.streams():
            super().keep(stream, aggregate, snapshot)


class LoadsSome(SqlSnapshots):
    def load(self, wanted: Mapping[str, Aggregate]) -> dict[str, Snapshot]:
        return super().load(dict(list(wanted.items())[:500]))


class FailsOnWhatItCannotWrite(SqlSnapshots):
    def keep(self, stream: str, aggregate: Aggregate, snapshot: Snapshot) -> None:
        assert STATES.encode(snapshot.state) is not None
        super().keep(stream, aggregate, snapshot)


class TrustsAnyFold(MemorySnapshots):
    def load(self, wanted: Mapping[str, Aggregate]) -> dict[str, Snapshot]:
        return {
            stream: Snapshot(self.kept[stream][0], state)
            for stream, one in wanted.items()
            if stream in self.kept
            and (state := STATES.decode(one, self.kept[stream][2])) is not None
        }


@cache  # the mark of an aggregate is worked out once for each object
def at_first(aggregate: Aggregate) -> Aggregate:
    return evolve(aggregate, fold_version=1)


class IgnoresTheFoldsVersion(MemorySnapshots):
    def load(self, wanted: Mapping[str, Aggregate]) -> dict[str, Snapshot]:
        return super().load({stream: at_first(one) for stream, one in wanted.items()})

    def keep(self, stream: str, aggregate: Aggregate, snapshot: Snapshot) -> None:
        super().keep(stream, at_first(aggregate), snapshot)


class LendsItsStates(MemorySnapshots):
    def __init__(self) -> None:
        super().__init__()
        self.lent: dict[str, Any] = {}

    def load(self, wanted: Mapping[str, Aggregate]) -> dict[str, Snapshot]:
        return {
            stream: one._replace(state=self.lent[stream])
            for stream, one in super().load(wanted).items()
        }

    def keep(self, stream: str, aggregate: Aggregate, snapshot: Snapshot) -> None:
        super().keep(stream, aggregate, snapshot)
        self.lent[stream] = snapshot.state


class LosesTheVersion(MemorySnapshots):
    def load(self, wanted: Mapping[str, Aggregate]) -> dict[str, Snapshot]:
        return {stream: one._replace(version=1) for stream, one in super().load(wanted).items()}


class ListsThemAsTheyCame(MemorySnapshots):
    def streams(self) -> list[str]:
        return list(self.kept)


class ForgetsNothing(MemorySnapshots):
    def forget(self, streams: Collection[str] | None = None) -> int:  # noqa: ARG002 - the port's
        return 0


class ForgetsEverybody(MemorySnapshots):
    def forget(self, streams: Collection[str] | None = None) -> int:
        super().forget()
        return len(streams or ())


def breaks(kind: type[MemorySnapshots]) -> Iterator[str]:
    """The tests of the contract that fail for snapshots in memory."""

    class Broken(SnapshotsContract):
        def open(self, tenant: str) -> Snapshots:  # noqa: ARG002 - each tenant's are an object
            return kind()

    return failed_by(Broken)


def breaks_in_sql(kind: type[SqlSnapshots]) -> Iterator[str]:
    """The tests of the contract that fail for snapshots in SQL, each in a place of its own."""
    for name in promises(SnapshotsContract):
        with closing(Database("sqlite://")) as database:

            class Broken(SnapshotsContract):
                def open(self, tenant: str) -> Snapshots:
                    return kind(database, tenant=tenant)

            if fails(Broken(), name):
                yield name


@pytest.mark.parametrize(
    "broken",
    [
        TrustsAnyFold,
        IgnoresTheFoldsVersion,
        LendsItsStates,
        LosesTheVersion,
        ListsThemAsTheyCame,
        ForgetsNothing,
        ForgetsEverybody,
    ],
)
def test_the_contract_finds_broken_snapshots_in_memory(broken: type[MemorySnapshots]) -> None:
    assert any(breaks(broken))


@pytest.mark.parametrize(
    "broken", [ForgetsTenants, KeepsTheFirst, LoadsSome, FailsOnWhatItCannotWrite]
)
def test_the_contract_finds_broken_snapshots_in_sql(broken: type[SqlSnapshots]) -> None:
    assert any(breaks_in_sql(broken))


def test_sound_snapshots_are_not_called_broken() -> None:
    assert list(breaks(MemorySnapshots)) == []
    assert list(breaks_in_sql(SqlSnapshots)) == []


def test_the_state_that_could_not_be_written_down_leaves_the_one_before() -> None:
    kept = MemorySnapshots()
    before = keep(kept, "a", 1, 10)

    kept.keep("a", ACCOUNT, Snapshot(2, account(2**64)))

    assert load(kept, "a") == {"a": before}
