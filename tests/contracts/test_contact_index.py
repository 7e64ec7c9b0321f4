from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from regulars.adapters.contact_index import SqlContactIndex
from regulars.adapters.database import Database
from regulars.adapters.memory_contact_index import MemoryContactIndex
from regulars.application.contact_index import ContactField, ContactIndex, Token
from regulars.domain.personal import DataClass
from regulars.testing import ContactIndexContract
from tests.contracts.broken_promises import failed_by
from tests.postgres_server import new_database


class TestMemoryContactIndex(ContactIndexContract):
    def open(self, tenant: str) -> MemoryContactIndex:  # noqa: ARG002 - each tenant's are an object
        return MemoryContactIndex()


class TestSqlContactIndex(ContactIndexContract):
    database: Database

    @pytest.fixture(autouse=True, params=["sqlite", "postgresql"])
    def place(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
        sqlite = request.param == "sqlite"
        url = f"sqlite:///{tmp_path / 'shop.db'}" if sqlite else new_database()
        with closing(Database(url, synchronous="NORMAL")) as self.database:
            yield

    def open(self, tenant: str) -> SqlContactIndex:
        return SqlContactIndex(self.database, tenant=tenant)


class Gathers(MemoryContactIndex):
    def put(self, subject: str, tokens: Collection[Token], *, versions: Collection[int]) -> None:  # noqa: ARG002 - that is what is broken
        super().put(subject, tokens, versions=[])


class ForgetsByToken(MemoryContactIndex):
    """Takes everybody who shares a token with the one who is erased."""

    def forget(self, subjects: Collection[str], classes: Collection[DataClass]) -> int:
        tokens = frozenset[Token]().union(*(self.kept.get(one, ()) for one in subjects))
        sharing = [one for one, kept in self.kept.items() if kept & tokens]
        return super().forget(sharing, classes)


class ForgetsInTheNewestVersionOnly(MemoryContactIndex):
    def forget(self, subjects: Collection[str], classes: Collection[DataClass]) -> int:
        return sum(
            super(ForgetsInTheNewestVersionOnly, self).forget([one], classes)
            for one in subjects
            if len({token.version for token in self.kept.get(one, ())}) == 1
        )


class ForgetsWhateverTheClass(MemoryContactIndex):
    def forget(self, subjects: Collection[str], classes: Collection[DataClass]) -> int:  # noqa: ARG002 - that is what is broken
        return super().forget(subjects, [*DataClass])


class LeavesTokensBehind(MemoryContactIndex):
    def drop(self, version: int) -> None:
        self.known.pop(version, None)


class OneHolderEach(MemoryContactIndex):
    def holders(self, tokens: Collection[Token]) -> dict[Token, frozenset[str]]:
        return {token: frozenset([*held][:1]) for token, held in super().holders(tokens).items()}


class TellsWhoSharesOfEveryVersion(MemoryContactIndex):
    def shared(self, version: int) -> list[tuple[ContactField, tuple[str, ...]]]:
        theirs = super().shared
        return [one for number in (version, 3) for one in theirs(number)]


def broken_by(kind: type[MemoryContactIndex]) -> Iterator[str]:
    class Broken(ContactIndexContract):
        def open(self, tenant: str) -> ContactIndex:  # noqa: ARG002 - as above
            return kind()

    return failed_by(Broken)


@pytest.mark.parametrize(
    "broken",
    [
        Gathers,
        ForgetsByToken,
        ForgetsInTheNewestVersionOnly,
        ForgetsWhateverTheClass,
        LeavesTokensBehind,
        OneHolderEach,
        TellsWhoSharesOfEveryVersion,
    ],
)
def test_the_contract_finds_a_broken_index(broken: type[MemoryContactIndex]) -> None:
    assert any(broken_by(broken))


def test_a_sound_index_is_not_called_broken() -> None:
    assert list(broken_by(MemoryContactIndex)) == []
