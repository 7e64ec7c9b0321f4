"""The customers whose accounts are replayed together: all, or parts that fit into memory."""

from collections.abc import Iterable, Mapping
from typing import Final
from zlib import crc32

from attrs import frozen

from regulars.domain.account_merge import LoyaltyAccountMerged
from regulars.domain.values import CustomerId

_FINEST: Final = 1 << 32


def kin(merges: Iterable[LoyaltyAccountMerged]) -> dict[CustomerId, CustomerId]:
    """Of whose accounts were ever merged, each but one with another of the same family."""
    known: dict[CustomerId, CustomerId] = {}
    for one in merges:
        absorbed, survivor = _head(known, one.customer), _head(known, one.survivor)
        if absorbed != survivor:
            known[absorbed] = survivor
    return known


def _head(known: Mapping[CustomerId, CustomerId], customer: CustomerId) -> CustomerId:
    while customer in known:
        customer = known[customer]
    return customer


@frozen
class Part:
    """
    The customers whose hash leaves `rest` when it is divided by `of`: all of them, if that is 1.

    Those whose accounts were merged are `kin`, and stay together.
    """

    kin: Mapping[CustomerId, CustomerId]
    rest: int = 0
    of: int = 1

    def has(self, customer: CustomerId) -> bool:
        """Whether the customer belongs to it."""
        return crc32(_head(self.kin, customer).encode()) % self.of == self.rest

    def can_be_halved(self) -> bool:
        """Whether there may be customers in both halves."""
        return self.of < _FINEST

    def halves(self) -> tuple["Part", "Part"]:
        """Two parts that have them all."""
        return (
            Part(self.kin, self.rest, 2 * self.of),
            Part(self.kin, self.rest + self.of, 2 * self.of),
        )
