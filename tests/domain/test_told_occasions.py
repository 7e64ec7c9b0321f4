from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from regulars.domain.earning import evaluate
from regulars.domain.earning_rules import (
    NO_CURRENCY,
    Group,
    Occasion,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.loyalty import LoyaltyAccountOpened, PointsEarned
from regulars.domain.occasions import Standing
from regulars.domain.program import (
    DefineProgram,
    PublishEarningRules,
    PublishTierLadder,
    SetProgramPolicies,
)
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.rule_flaws import MOST_DAYS
from regulars.domain.tier_ladder import Level, TierLadder
from regulars.domain.told_occasions import (
    ImpossibleOccasion,
    OccasionRecorded,
    RecordOccasion,
    birthday,
)
from regulars.domain.validity import ExpiryPolicy
from regulars.domain.values import LotId, OccasionId, ProgramId
from tests.domain.chronicle import PROGRAM, Chronicle, chronicle
from tests.domain.examples import ANNA, DELIVER, PLACE, giving
from tests.domain.story import NOON, minutes

CAKE = Rule(rule=RuleId("cake"), bonus=50, when=When(on="birthday"))
RULES = RuleSet(groups=(*giving(1).groups, Group(rules=(CAKE,))))
ZONE = "Asia/Shanghai"
TOWN = (
    DefineProgram(program=PROGRAM, at=NOON, name="Regulars"),
    PublishEarningRules(program=PROGRAM, at=NOON, rules=RULES),
)


def told(at: datetime, name: str, apart: int = 365) -> RecordOccasion:
    return RecordOccasion(
        program=PROGRAM,
        customer=ANNA,
        at=at,
        occasion=OccasionId(name),
        on="birthday",
        apart=apart,
    )


def earned(town: Chronicle) -> list[tuple[str, int]]:
    return [(event.lot, event.points) for event in town.all(PointsEarned)]


def test_we12_a_birthday_on_29_february_is_granted_every_year_once() -> None:
    town = chronicle(TOWN)
    born = date(2000, 2, 29)

    for year in (2025, 2026, 2027, 2028):
        town.tell(told(birthday(born, year, ZONE), str(year)))
        town.tell(told(birthday(born, year, ZONE), str(year)))

    assert birthday(born, 2025, ZONE) == datetime(2025, 2, 27, 16, tzinfo=UTC)
    assert birthday(born, 2028, ZONE) == datetime(2028, 2, 28, 16, tzinfo=UTC)
    assert earned(town) == [(f"occasion/birthday/{year}", 50) for year in (2025, 2026, 2027, 2028)]


def test_we12_another_date_of_birth_gives_nothing_more_within_a_year() -> None:
    first = birthday(date(2000, 2, 29), 2025, ZONE)
    town = chronicle([*TOWN, told(first, "2025")])

    town.tell(told(birthday(date(2000, 6, 1), 2025, ZONE), "2025-moved"))
    town.tell(told(first + timedelta(days=365) - timedelta(microseconds=1), "2026-early"))
    town.tell(told(first - timedelta(days=1), "2025-before"))

    assert earned(town) == [("occasion/birthday/2025", 50)]


def test_a_year_of_a_zone_is_counted_in_its_days_of_23_and_25_hours() -> None:
    there = ZoneInfo("Europe/Berlin")
    # The clocks went forward twice between the two birthdays, and back once.
    first = datetime(2026, 3, 29, tzinfo=there).astimezone(UTC)
    second = datetime(2027, 3, 29, tzinfo=there).astimezone(UTC)
    early = second - minutes(1)

    def earned_by(at: datetime, zone: str | None) -> int:
        town = chronicle([*TOWN, told(first, "2026"), evolve(told(at, "2027"), zone=zone)])
        return len(earned(town))

    assert [earned_by(second, zone) for zone in ("Europe/Berlin", None)] == [2, 1]
    assert earned_by(early, "Europe/Berlin") == 1


def test_an_occasion_opens_the_account_and_names_its_rules() -> None:
    town = chronicle([*TOWN, told(NOON, "2024")])
    opened, recorded, award = (fact.event for fact in town.facts[2:])

    assert opened == LoyaltyAccountOpened(program=PROGRAM, customer=ANNA)
    assert recorded == OccasionRecorded(
        program=PROGRAM, customer=ANNA, occasion=OccasionId("2024"), on="birthday"
    )
    assert isinstance(award, PointsEarned)
    assert (award.on, award.order, award.currency, award.rules_version) == (
        "birthday",
        None,
        None,
        1,
    )


def test_an_occasion_that_no_rule_is_for_is_recorded_and_earns_nothing() -> None:
    town = chronicle([*TOWN, evolve(told(NOON, "2024"), on="survey")])
    bare = chronicle([told(NOON, "2024")])

    assert (len(town.all(OccasionRecorded)), earned(town)) == (1, [])
    assert (len(bare.all(OccasionRecorded)), earned(bare)) == (1, [])


def test_an_occasion_in_another_programme_earns_nothing_here() -> None:
    town = chronicle([*TOWN, evolve(told(NOON, "2024"), program=ProgramId("night"))])

    assert earned(town) == []


def test_an_occasion_without_a_distance_counts_each_time() -> None:
    town = chronicle([*TOWN, told(NOON, "one", apart=0), told(NOON + minutes(1), "two", apart=0)])

    assert earned(town) == [("occasion/birthday/one", 50), ("occasion/birthday/two", 50)]


def test_so_many_occasions_count_within_so_many_days_and_more_do_not() -> None:
    town = Chronicle()
    for day in (0, 4, 9, 10, 13, 14, 20):
        at = NOON + timedelta(days=day)
        town.tell(evolve(told(at, f"{day}", apart=0), most=2, days=10))

    assert [event.occasion for event in town.all(OccasionRecorded)] == ["0", "4", "10", "14", "20"]


def test_an_occasion_may_be_counted_within_a_hundred_years() -> None:
    assert chronicle([evolve(told(NOON, "2024"), most=1, days=MOST_DAYS)]).all(OccasionRecorded)


def test_an_occasion_is_no_order() -> None:
    town = chronicle([*TOWN, told(NOON, "2024"), PLACE, DELIVER])

    assert [event.standing.orders_before for event in town.all(PointsEarned)] == [0, 0]
    assert [event.points for event in town.all(PointsEarned)] == [50, 100]
    gains = town.account(ANNA).tier.gains.of
    assert {lot: gain.is_order for lot, gain in gains.items()} == {
        "occasion/birthday/2024": False,
        "o-1": True,
    }


def test_points_of_an_occasion_end_by_the_policies_of_its_moment() -> None:
    short = SetProgramPolicies(
        program=PROGRAM, at=NOON, policies=ProgramPolicies(expiry=ExpiryPolicy(days=5))
    )
    (award,) = chronicle([*TOWN, short, told(NOON, "2024")]).all(PointsEarned)

    assert award.expires_at == datetime(2024, 5, 22, 16, tzinfo=UTC)


def test_an_occasion_earns_by_the_tier_the_rules_and_the_policies_of_its_day() -> None:
    day = NOON + timedelta(days=30)
    of_gold = When(on="birthday", tiers=("gold",), currency=NO_CURRENCY, since=day)
    rules = RuleSet(groups=(Group(rules=(evolve(CAKE, when=of_gold),)),))
    begun: dict[str, Any] = {"program": PROGRAM, "at": NOON, "effective_from": day}
    ladder = TierLadder(levels=(Level(tier="gold", least=100),))
    town = chronicle(
        [
            *TOWN,
            PublishTierLadder(program=PROGRAM, at=NOON, ladder=ladder),
            PublishEarningRules(**begun, rules=rules, currency=NO_CURRENCY),
            SetProgramPolicies(**begun, policies=ProgramPolicies(expiry=ExpiryPolicy(days=0))),
            PLACE,
            DELIVER,
            told(day, "2024"),
        ]
    )

    *_, award = town.all(PointsEarned)

    came = Occasion(at=day, on="birthday", currency=NO_CURRENCY, tier="gold")
    assert award == PointsEarned(
        program=PROGRAM,
        customer=ANNA,
        lot=LotId("occasion/birthday/2024"),
        points=50,
        evaluation=evaluate(rules, came),
        on="birthday",
        rules_version=2,
        standing=Standing(tier="gold"),
        expires_at=datetime(2024, 6, 16, 16, tzinfo=UTC),
    )


def test_an_occasion_that_comes_in_another_order_counts_from_the_latest() -> None:
    first, last = NOON, NOON + timedelta(days=400)
    town = chronicle([*TOWN, told(last, "2025"), told(first, "2024")])

    town.tell(told(first + timedelta(days=365), "2025-again"))

    assert earned(town) == [("occasion/birthday/2025", 50), ("occasion/birthday/2024", 50)]


@pytest.mark.parametrize(
    "wrong", [{"zone": "Mars/Olympus"}, {"days": -1}, {"days": 36_526, "most": 1}]
)
def test_an_occasion_is_counted_by_clocks_and_days_that_there_are(wrong: dict[str, Any]) -> None:
    town = Chronicle()

    with pytest.raises(ImpossibleOccasion, match="occasion 2024 is of no time zone"):
        town.tell(evolve(told(NOON, "2024"), **wrong))
