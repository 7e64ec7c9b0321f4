"""
Names that the product makes itself, of ids that hosts chose.

Each begins with a word, by which it is told from the ids of hosts and from names of another origin
(`regulars.application.own_ids`). No two of one word are the same, whatever the ids hold.
"""

from hashlib import blake2b
from typing import Final

from regulars.domain.values import LONGEST_ID

ADJUSTMENT: Final = "adjustment"
BENEFIT: Final = "benefit"
CAMPAIGN: Final = "campaign"
CANCELLED: Final = "cancelled"
MERGED: Final = "merged"
MIGRATED: Final = "migrated"
OCCASION: Final = "occasion"
PAYMENT: Final = "payment"
REFERRAL: Final = "referral"
REWARD: Final = "reward"
TRANSFER: Final = "transfer"


def named(word: str, *parts: str) -> str:
    """
    The name of this origin for these ids, always as many of one word.

    It is their digest where it would be longer than an id, so that hosts can name it.
    """
    *first, last = parts
    name = "/".join((word, *map(within, first), last))
    if len(name) <= LONGEST_ID:
        return name
    return f"{word}/%/{blake2b(name.encode(), digest_size=32).hexdigest()}"


def within(part: str) -> str:
    """An id as it stands beside others in one name: without a `/`, and like no other id."""
    return part.replace("%", "%25").replace("/", "%2F")
