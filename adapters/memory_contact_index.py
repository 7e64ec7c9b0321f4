"""The contact index in memory, for tests and for hosts that keep nothing."""

from collections.abc import Collection
from typing import Final

from regulars.application.contact_index import FORGOTTEN_WITH, ContactField, IndexVersion, Token
from regulars.domain.personal import DataClass


def _by_field(shared: tuple[ContactField, tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
    return shared[0].value, shared[1]


class MemoryContactIndex:
    """The `ContactIndex` port over dictionaries."""

    def __init__(self) -> None:
        self.name: Final = "contact_index"
        self.known: dict[int, IndexVersion] = {}
        self.kept: dict[str, frozenset[Token]] = {}

    def versions(self) -> list[IndexVersion]:
        """The versions, oldest first; see the port."""
        return [self.known[number] for number in sorted(self.known)]

    def keep(self, version: IndexVersion) -> None:
        """Write down a version; see the port."""
        self.known[version.version] = version

    def drop(self, version: int) -> None:
        """Let go of a version and its tokens; see the port."""
        self.known.pop(version, None)
        for subject in self.kept:
            self.put(subject, (), versions=[version])

    def put(self, subject: str, tokens: Collection[Token], *, versions: Collection[int]) -> None:
        """Let a subject have these tokens; see the port."""
        others = (one for one in self.kept.get(subject, ()) if one.version not in versions)
        self.kept[subject] = frozenset((*others, *tokens))

    def holders(self, tokens: Collection[Token]) -> dict[Token, frozenset[str]]:
        """The subjects that have each of `tokens`; see the port."""
        found = {
            token: frozenset(subject for subject, kept in self.kept.items() if token in kept)
            for token in tokens
        }
        return {token: subjects for token, subjects in found.items() if subjects}

    def count(self, version: int) -> int:
        """How many tokens a version has; see the port."""
        return sum(one.version == version for tokens in self.kept.values() for one in tokens)

    def shared(self, version: int) -> list[tuple[ContactField, tuple[str, ...]]]:
        """Who shares a token of a version; see the port."""
        tokens = {one for tokens in self.kept.values() for one in tokens if one.version == version}
        held = ((token.kind, tuple(sorted(self.holders([token])[token]))) for token in tokens)
        return sorted((one for one in held if len(one[1]) > 1), key=_by_field)

    def forget(self, subjects: Collection[str], classes: Collection[DataClass]) -> int:
        """Let go of every token of these subjects; see the port."""
        if FORGOTTEN_WITH not in classes:
            return 0
        return sum(len(self.kept.pop(subject, ())) for subject in subjects)
