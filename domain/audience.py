"""The audience of a campaign: who may be treated, and who comes first where not all can be."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from attrs import frozen

from regulars.domain.values import CampaignId, CustomerId

MOST_NAMED: Final = 10_000
"""How many customers a plan names at most; a larger audience is a list that the host keeps."""


@frozen(kw_only=True)
class Audience:
    """
    Whom a campaign is for; what is left empty asks for nothing.

    `customers` are named one by one. `tiers` are those that a customer may have, in the programme
    of the campaign. `snapshot` is an opaque name under which the host keeps a list of its own; who
    is on it, the host alone knows.
    """

    customers: tuple[CustomerId, ...] = ()
    tiers: tuple[str, ...] = ()
    snapshot: str | None = None

    def has(self, customer: CustomerId, tier: str | None) -> bool:
        """Whether a customer who has this tier belongs to it, as far as it says."""
        named = not self.customers or customer in self.customers
        return named and (not self.tiers or tier in self.tiers)


EVERYBODY: Final = Audience()
"""Whoever the host has in mind."""


def in_turn(campaign: CampaignId, seed: str, customers: Iterable[CustomerId]) -> list[CustomerId]:
    """
    Each customer once, in the order in which they are granted what a campaign has.

    It follows from ids and seed, whatever the order in which they are told: by the SHA-256 of
    `campaign|seed|customer`, its bytes from the seventeenth on.
    """
    return sorted(
        set(customers),
        key=lambda one: (sha256(f"{campaign}|{seed}|{one}".encode()).digest()[16:], one),
    )
