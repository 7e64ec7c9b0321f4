from hashlib import sha256

from regulars.domain.audience import in_turn
from regulars.domain.values import CampaignId, CustomerId

LUNCH = CampaignId("lunch")


def test_turns_follow_the_second_half_of_the_hash() -> None:
    told = [CustomerId(f"c-{one}") for one in range(9)]

    halves = {one: sha256(f"lunch|1|{one}".encode()).hexdigest()[32:] for one in told}
    assert in_turn(LUNCH, "1", told) == sorted(told, key=halves.__getitem__)
