from hashlib import sha256

from regulars.domain.holdout import Variant, variant_of
from regulars.domain.values import CampaignId, CustomerId

LUNCH = CampaignId("lunch")
VARIANTS = (Variant(name="a", weight=2), Variant(name="b"), Variant(name="c", weight=3))
NAMES = ("a", "a", "b", "c", "c", "c")


def number(customer: str, start: int) -> int:
    """Eight bytes of the hash by which a customer's place is found, as a number."""
    return int(
        sha256(f"lunch|2026|{customer}".encode()).hexdigest()[2 * start : 2 * start + 16], 16
    )


def test_the_second_number_of_the_hash_chooses_the_variant_by_its_weight() -> None:
    audience = [f"c-{one}" for one in range(40)]

    found = [
        variant_of(LUNCH, CustomerId(one), seed="2026", holdout=0, variants=VARIANTS)
        for one in audience
    ]

    assert [one and one.name for one in found] == [NAMES[number(one, 8) % 6] for one in audience]


def test_who_is_left_alone_is_so_under_any_weights() -> None:
    audience = [f"c-{one}" for one in range(40)]
    half = 5_000

    found = [
        variant_of(LUNCH, CustomerId(one), seed="2026", holdout=half, variants=VARIANTS)
        for one in audience
    ]

    assert [one is None for one in found] == [number(one, 0) % 10_000 < half for one in audience]
