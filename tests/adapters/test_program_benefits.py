"""Benefits of tiers in a programme's file."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from regulars.adapters.program_file import UnusableProgram, read_program
from regulars.domain.benefits import Benefit, BenefitId, BenefitKind
from regulars.domain.earning_rules import RuleId
from regulars.domain.offer_terms import Kind, Scope, Terms
from regulars.domain.program import PublishTierBenefits
from regulars.domain.purchase import Channel
from regulars.domain.values import BEGINNING, ItemId, MerchantId, OfferId, ProgramId

CLUB = ProgramId("club")
BEFORE = """
[[earning]]
points = 1

[[ladder]]
levels = [{ tier = "silver", least = 100 }, { tier = "gold", least = 500 }]

[[tier_benefits]]
"""


def read(path: Path, told: str) -> list[PublishTierBenefits]:
    file = path / "club.toml"
    file.write_text(BEFORE + told, encoding="utf-8")
    commands = read_program(file, program_id=CLUB)
    return [one for one in commands if isinstance(one, PublishTierBenefits)]


def test_every_benefit_can_be_written(tmp_path: Path) -> None:
    told = read(
        tmp_path,
        """
        effective_from = 2024-01-01T08:00:00+08:00

        [[tier_benefits.benefits]]
        id = "points"
        kind = "points"
        tiers = ["silver", "gold"]
        rule = "earning"

        [[tier_benefits.benefits]]
        id = "tenth"
        kind = "discount"
        tiers = ["gold"]
        percent = "10"
        whole = true
        currency = "CNY"
        at_least = "30.50"
        most = "20"
        merchants = ["noodles"]
        channels = ["delivery"]
        items = ["soup"]
        categories = ["hot"]
        stack_group = "tier"
        exclusive = true

        [[tier_benefits.benefits]]
        id = "five"
        kind = "discount"
        tiers = ["gold"]
        off = "5.00"
        currency = "CNY"

        [[tier_benefits.benefits]]
        id = "fee"
        kind = "free_delivery"
        tiers = ["gold"]
        currency = "CNY"

        [[tier_benefits.benefits]]
        id = "taste"
        kind = "free_trial"
        tiers = ["gold"]
        offer = "new-dish"

        [[tier_benefits]]
        benefits = [{ id = "first", kind = "priority_delivery", tiers = ["gold"] }]
        """,
    )

    start = datetime(2024, 1, 1, tzinfo=UTC)
    gold = ("gold",)
    scope = Scope(
        merchants=(MerchantId("noodles"),),
        channels=(Channel.DELIVERY,),
        categories=("hot",),
        items=(ItemId("soup"),),
    )
    assert told == [
        PublishTierBenefits(
            program=CLUB,
            at=start,
            effective_from=start,
            benefits=(
                Benefit(
                    benefit=BenefitId("points"),
                    kind=BenefitKind.POINTS,
                    tiers=("silver", "gold"),
                    rule=RuleId("earning"),
                ),
                Benefit(
                    benefit=BenefitId("tenth"),
                    kind=BenefitKind.DISCOUNT,
                    tiers=gold,
                    terms=Terms(
                        kind=Kind.PERCENT,
                        currency="CNY",
                        value=1000,
                        at_least=3050,
                        most=2000,
                        whole=True,
                        scope=scope,
                        stack_group="tier",
                        exclusive=True,
                    ),
                ),
                Benefit(
                    benefit=BenefitId("five"),
                    kind=BenefitKind.DISCOUNT,
                    tiers=gold,
                    terms=Terms(kind=Kind.FIXED, currency="CNY", value=500),
                ),
                Benefit(
                    benefit=BenefitId("fee"),
                    kind=BenefitKind.FREE_DELIVERY,
                    tiers=gold,
                    terms=Terms(kind=Kind.FREE_DELIVERY, currency="CNY", value=0),
                ),
                Benefit(
                    benefit=BenefitId("taste"),
                    kind=BenefitKind.FREE_TRIAL,
                    tiers=gold,
                    offer=OfferId("new-dish"),
                ),
            ),
        ),
        PublishTierBenefits(
            program=CLUB,
            at=BEGINNING,
            benefits=(
                Benefit(benefit=BenefitId("first"), kind=BenefitKind.PRIORITY_DELIVERY, tiers=gold),
            ),
        ),
    ]


PART = "tier_benefits[0].benefits[0]"


@pytest.mark.parametrize(
    ("told", "line", "where"),
    [
        ('id = " "\nkind = "coupon"\noffer = "x"', 10, f"{PART}.id"),
        ('id = "a"\nkind = "points"\nrule = "none"', 12, f"{PART}.rule"),
        ('id = "a"\nkind = "coupon"\noffer = "x"\noff = "5"', 13, f"{PART}.off"),
        ('id = "a"\nkind = "discount"\ncurrency = "CNY"', 9, f"{PART} takes off"),
        ('id = "a"\nkind = "discount"\noff = "5"', 12, f"{PART}.off needs a currency"),
        ('id = "a"\nkind = "discount"\npercent = "5"', 9, f"{PART}.currency is needed"),
        (
            'id = "a"\nkind = "discount"\npercent = "0.005"\ncurrency = "CNY"',
            12,
            f"{PART}.percent has more",
        ),
        ('id = "a"\nkind = "discount"\npercent = "101"\ncurrency = "CNY"', 12, f"{PART}.percent"),
        ('id = "a"\nkind = "discount"\noff = "0"\ncurrency = "CNY"', 12, f"{PART}.off"),
        ('id = "a"\nkind = "free_delivery"\ncurrency = "yuan"', 12, f"{PART}.currency"),
        (
            'id = "a"\nkind = "free_delivery"\ncurrency = "CNY"\npercent = "5"',
            13,
            f"{PART}.percent is nothing",
        ),
    ],
)
def test_a_benefit_that_cannot_be_is_told_with_its_line(
    tmp_path: Path, told: str, line: int, where: str
) -> None:
    with pytest.raises(UnusableProgram) as refused:
        read(tmp_path, f'[[tier_benefits.benefits]]\n{told}\ntiers = ["gold"]\n')

    assert refused.value.line == line
    assert refused.value.why.startswith(where)


def test_a_tier_that_no_ladder_has_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UnusableProgram) as refused:
        read(
            tmp_path,
            'benefits = [{ id = "first", kind = "priority_delivery", tiers = ["glod"] }]\n',
        )

    assert refused.value.line == 9
    assert refused.value.why.startswith(f"{PART}.tiers[0] names 'glod'")


def test_two_versions_from_one_moment_are_refused(tmp_path: Path) -> None:
    first = 'benefits = [{ id = "first", kind = "priority_delivery", tiers = ["gold"] }]\n'

    with pytest.raises(UnusableProgram) as refused:
        read(tmp_path, f"{first}[[tier_benefits]]\n{first}")

    assert refused.value.why.startswith("tier_benefits[1] begin")
