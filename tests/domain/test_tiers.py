"""The worked examples of tiers under their ids, and what holds for every history."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.earning_rules import Multiplier, RuleId, When
from regulars.domain.gains import Gain
from regulars.domain.loyalty import PointsEarned
from regulars.domain.program import (
    DefineProgram,
    PublishEarningRules,
    PublishTierLadder,
    TierLadderPublished,
)
from regulars.domain.redemption import RedeemPoints
from regulars.domain.reversal import PointsReversed
from regulars.domain.reward import Reward
from regulars.domain.tier_ladder import Basis, Downgrade, Level, TierLadder, Window
from regulars.domain.tiers import (
    EvaluateTier,
    Event,
    TierDowngraded,
    TierEntered,
    TierGraceStarted,
    TierRenewed,
    TierStanding,
    TierUpgraded,
    decide,
    fold,
    lose,
    tier_at,
)
from regulars.domain.told_occasions import RecordOccasion
from regulars.domain.values import LotId, OccasionId, OrderId, ProgramId, RedemptionId
from tests.domain.chronicle import PROGRAM, Chronicle, Command, chronicle
from tests.domain.examples import ANNA, BO, DELIVER, PLACE, giving, refund
from tests.domain.fillings import ladders
from tests.domain.laws import law
from tests.domain.points import adjust, give, migrate, redeem, reserve, undo
from tests.domain.story import NOON

A_DAY = timedelta(days=1)
NEW_YEAR = datetime(2023, 12, 31, 16, tzinfo=UTC)
"""The beginning of 2024 in Shanghai."""


def ladder(*levels: tuple[str, int], **told: Any) -> TierLadder:  # noqa: ANN401 - by name
    return TierLadder(levels=tuple(Level(tier=t, least=n) for t, n in levels), **told)


FOUR = (("Basic", 0), ("Silver", 100), ("Gold", 500), ("Platinum", 1000))
GOLD_DOUBLES = (Multiplier(rule=RuleId("gold"), numerator=2, when=When(tiers=("Gold",))),)
THREE = (("Bronze", 100), ("Silver", 200), ("Gold", 300))


class Member:
    """One customer under ladders, without an account around."""

    def __init__(self, by: TierLadder) -> None:
        self.ladders: list[TierLadderPublished] = []
        self.state = TierStanding()
        self.told: list[Event] = []
        self.publish(by)

    def publish(self, by: TierLadder, start: datetime | None = None) -> None:
        version = len(self.ladders) + 1
        self.ladders.append(
            TierLadderPublished(program=PROGRAM, version=version, ladder=by, effective_from=start)
        )

    def asked(self, at: datetime) -> EvaluateTier:
        return EvaluateTier(program=PROGRAM, customer=ANNA, at=at, ladders=tuple(self.ladders))

    def look(self, at: datetime, balance: int = 0, *, refunded: bool = False) -> str | None:
        """The tier after it was evaluated at that moment."""
        asked = evolve(self.asked(at), refunded=refunded)
        for event in decide(asked, self.state, lambda _: balance):
            fold(self.state, event)
            self.told.append(event)
        return self.state.tier

    def at(self, at: datetime) -> str | None:
        """The tier at that moment, without an evaluation."""
        return tier_at(self.state, self.asked(at), lambda _: 0)

    def earns(self, points: int, at: datetime, spend: int = 0) -> str | None:
        lot = LotId(f"o-{len(self.state.gains.of)}")
        self.state.gains.add(lot, Gain(at, points, spend, "CNY", is_order=True))
        return self.look(at)

    def loses(self, lot: str, points: int, at: datetime) -> str | None:
        lose(self.state, LotId(lot), at, points, 0)
        return self.look(at, refunded=True)

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.told]


def test_wt01_a_tier_by_balance_follows_it_up_and_down() -> None:
    anna = Member(ladder(*FOUR, basis=Basis.BALANCE, downgrade=Downgrade.IMMEDIATE))

    assert [anna.look(NOON, balance) for balance in (100, 50, 550)] == ["Silver", "Basic", "Gold"]
    assert anna.kinds() == ["TierEntered", "TierDowngraded", "TierUpgraded"]


def test_wt02_a_tier_by_what_was_earned_is_not_lost_by_spending() -> None:
    anna = Member(ladder(*FOUR))

    assert anna.earns(100, NOON) == "Silver"
    assert anna.look(NOON, balance=50) == "Silver"
    assert anna.earns(500, NOON) == "Gold"


@pytest.mark.parametrize(("active", "level"), [(5, "L0"), (10, "L1"), (30, "L2")])
def test_wt05_the_tier_of_a_year_is_that_of_the_balance_before_it_is_reset(
    active: int, level: str
) -> None:
    levels = (("L0", 0), ("L1", 10), ("L2", 30), ("L3", 100))
    anna = Member(ladder(*levels, basis=Basis.BALANCE, window=Window.CALENDAR_YEAR, term_months=0))
    anna.look(NEW_YEAR, balance=100)
    end = NEW_YEAR + 366 * A_DAY

    assert anna.look(end - timedelta(microseconds=1), balance=active) == "L3"
    assert anna.look(end, balance=active) == level
    assert anna.look(end + A_DAY, balance=0) == level


@pytest.mark.parametrize(
    ("told", "after"),
    [
        ({"downgrade": Downgrade.ONE_DOWN}, "Silver"),
        ({"downgrade": Downgrade.REQUALIFY}, "Bronze"),
        ({"downgrade": Downgrade.NONE}, "Gold"),
        ({"grace_months": 1}, "Gold"),
    ],
)
def test_wt06_the_end_of_a_term_with_less(told: dict[str, Any], after: str) -> None:
    anna = Member(ladder(*THREE, window=Window.ROLLING, days=300, **told))
    anna.earns(300, NEW_YEAR)
    anna.earns(120, NEW_YEAR + 200 * A_DAY)
    end = NEW_YEAR + 366 * A_DAY

    assert anna.look(end - timedelta(microseconds=1)) == "Gold"
    assert anna.look(end) == after


def test_wt06_after_the_grace_the_policy_decides() -> None:
    anna = Member(ladder(*THREE, window=Window.ROLLING, days=300, grace_months=1))
    anna.earns(300, NEW_YEAR)
    anna.earns(120, NEW_YEAR + 200 * A_DAY)
    end = NEW_YEAR + (366 + 31) * A_DAY

    assert anna.look(end - timedelta(microseconds=1)) == "Gold"
    assert anna.look(end) == "Bronze"
    assert anna.kinds() == ["TierEntered", "TierGraceStarted", "TierDowngraded"]


def test_a_tier_that_is_reached_again_within_the_grace_is_renewed_at_its_end() -> None:
    anna = Member(ladder(*THREE, window=Window.ROLLING, days=300, grace_months=1))
    anna.earns(300, NEW_YEAR)
    anna.earns(300, NEW_YEAR + 370 * A_DAY)

    assert anna.look(NEW_YEAR + 400 * A_DAY) == "Gold"
    assert anna.kinds() == ["TierEntered", "TierGraceStarted", "TierRenewed"]


@pytest.mark.parametrize(
    ("spend", "tier", "kind"),
    [
        (199_00, None, "TierDowngraded"),
        (200_00, "Bronze", "TierRenewed"),
        (500_00, "Silver", "TierUpgraded"),
    ],
)
def test_wt07_a_year_with_less_the_same_or_more(spend: int, tier: str | None, kind: str) -> None:
    anna = Member(
        ladder(
            ("Bronze", 200_00),
            ("Silver", 500_00),
            basis=Basis.SPEND,
            currency="CNY",
            window=Window.ANNIVERSARY,
        )
    )
    june, end = datetime(2024, 6, 10, 4, tzinfo=UTC), NEW_YEAR + 366 * A_DAY
    anna.earns(0, NEW_YEAR, spend=200_00)
    anna.earns(0, june, spend=spend)

    anna.look(end - timedelta(microseconds=1))
    assert anna.state.tier == ("Silver" if spend == 500_00 else "Bronze")
    assert anna.look(end) == tier
    assert anna.kinds() == ["TierEntered", kind]
    if tier == "Silver":
        assert anna.state.ends == datetime(2025, 6, 10, 4, tzinfo=UTC)


@pytest.mark.parametrize(("at_once", "tier"), [(False, "Platinum"), (True, "Gold")])
def test_wt08_a_refund_takes_a_tier_at_once_or_at_its_end(at_once: bool, tier: str) -> None:  # noqa: FBT001 - of the table
    anna = Member(ladder(*FOUR, refunds_at_once=at_once))
    anna.earns(900, NOON)

    assert anna.earns(200, NOON) == "Platinum"
    assert anna.loses("o-1", 200, NOON + A_DAY) == tier
    assert anna.look(NOON + 366 * A_DAY) == "Gold"


def test_wt09_debt_does_not_touch_a_tier_by_what_was_earned() -> None:
    anna = Member(ladder(*THREE))
    anna.earns(320, NOON)

    assert anna.look(NOON + A_DAY, balance=-50) == "Gold"


def test_wt10_a_new_ladder_counts_from_the_end_of_the_term() -> None:
    anna = Member(ladder(*THREE))
    anna.earns(320, NOON)
    anna.publish(ladder(*THREE[:2], ("Gold", 500)), NOON)
    anna.earns(10, NOON + A_DAY)
    end = NOON + 365 * A_DAY

    assert anna.look(end - timedelta(microseconds=1)) == "Gold"
    assert anna.look(end) == "Silver"
    last = anna.told[-1]
    assert isinstance(last, TierDowngraded)
    assert (last.left, last.assessment.ladder, last.assessment.value) == ("Gold", 2, 330)


def test_the_end_of_a_term_is_judged_by_the_ladder_of_that_day() -> None:
    anna = Member(ladder(*THREE))
    anna.earns(320, NOON)
    anna.publish(ladder(("Gold", 500)), NOON + 366 * A_DAY)

    assert anna.look(NOON + 400 * A_DAY) == "Gold"
    assert anna.kinds() == ["TierEntered", "TierRenewed"]


@pytest.mark.parametrize("asked_between", [False, True])
@pytest.mark.parametrize(
    "told",
    [{}, {"basis": Basis.SPEND, "currency": "CNY"}, {"basis": Basis.ORDERS}],
    ids=["points", "money", "orders"],
)
def test_a_refund_after_the_end_of_a_term_changes_nothing_of_that_end(
    told: dict[str, Any],
    asked_between: bool,  # noqa: FBT001 - of the table
) -> None:
    anna = Member(ladder(("Bronze", 1), **told))
    anna.earns(300, NOON, spend=300)
    end = NOON + 365 * A_DAY
    if asked_between:
        anna.look(end + A_DAY)
    anna.loses("o-0", 300, end + 2 * A_DAY)

    assert anna.kinds() == ["TierEntered", "TierRenewed"]
    assert [one.value for one in anna.told[-1].assessment.evidence] == [
        1 if told.get("basis") is Basis.ORDERS else 300
    ]


def test_a_tier_stands_where_no_ladder_is_known() -> None:
    anna = Member(ladder(*THREE))
    anna.earns(320, NOON)
    anna.ladders.clear()

    assert anna.look(NOON + 400 * A_DAY) == "Gold"


def test_a_lower_ladder_lifts_at_the_end_of_a_term_at_the_latest() -> None:
    anna = Member(ladder(*THREE))
    anna.earns(150, NOON)
    anna.publish(ladder(("Bronze", 10), ("Silver", 100)))

    assert anna.look(NOON + 365 * A_DAY) == "Silver"
    assert anna.kinds() == ["TierEntered", "TierUpgraded"]


def test_a_tier_that_is_no_longer_there_is_held_to_the_end_of_its_term() -> None:
    anna = Member(ladder(*THREE))
    anna.earns(150, NOON)
    anna.publish(ladder(("Copper", 10)))

    assert anna.look(NOON + A_DAY) == "Bronze"
    assert anna.look(NOON + 365 * A_DAY) == "Copper"


def test_several_terms_that_ended_meanwhile_end_one_after_another() -> None:
    anna = Member(ladder(*THREE, window=Window.ROLLING, days=30, downgrade=Downgrade.ONE_DOWN))
    anna.earns(300, NOON)

    assert anna.look(NOON + 3 * 366 * A_DAY) is None
    lost = [event for event in anna.told if isinstance(event, TierDowngraded)]
    assert [(one.left, one.tier) for one in lost] == [
        ("Gold", "Silver"),
        ("Silver", "Bronze"),
        ("Bronze", None),
    ]
    assert [one.valid_from.year for one in lost] == [2025, 2026, 2027]
    assert lost[-1].valid_to is None


def test_what_was_looked_at_stands_while_nothing_happens() -> None:
    anna = Member(ladder(*THREE, window=Window.ROLLING, days=30))
    anna.earns(300, NOON)

    for day in (1, 400, 800):
        anna.look(NOON + day * A_DAY)
        known = len(anna.told)
        anna.look(NOON + day * A_DAY)
        assert len(anna.told) == known


def test_a_tier_for_ever_has_no_end() -> None:
    anna = Member(ladder(*THREE, term_months=None))
    anna.earns(300, NOON)

    assert anna.look(NOON + 9_999 * A_DAY) == "Gold"
    assert anna.state.ends is None


def test_orders_are_counted_whatever_they_earned() -> None:
    anna = Member(ladder(("Friend", 2), basis=Basis.ORDERS))

    assert [anna.earns(0, NOON), anna.earns(0, NOON)] == [None, "Friend"]


def test_money_of_another_currency_does_not_count() -> None:
    anna = Member(ladder(("Bronze", 1), basis=Basis.SPEND, currency="USD"))

    assert anna.earns(100, NOON, spend=100_00) is None


def test_what_is_told_late_is_looked_at_as_of_the_present_tier() -> None:
    anna = Member(ladder(*THREE))
    anna.earns(100, NOON)
    anna.earns(100, NOON - A_DAY)

    last = anna.told[-1]
    assert isinstance(last, TierUpgraded)
    assert last.valid_from == NOON


def test_a_tier_is_told_as_of_any_moment() -> None:
    anna = Member(ladder(*THREE, window=Window.ROLLING, days=30))
    anna.earns(100, NOON)
    anna.earns(200, NOON + A_DAY)

    at = [NOON - A_DAY, NOON, NOON + A_DAY, NOON + 365 * A_DAY, NOON + 366 * A_DAY]
    assert [anna.at(one) for one in at] == [None, "Bronze", "Gold", "Gold", None]
    assert Member(ladder(*THREE)).at(NOON) is None
    assert anna.state.tier == "Gold"


gains = st.lists(
    st.tuples(st.integers(0, 120), st.integers(0, 900), st.booleans()), min_size=1, max_size=12
)


def led_to(event: Event, by: TierLadder, *, had: str | None) -> str | None:
    """The tier that the evidence of an event leads to, without a look at anything else."""
    value = sum(one.value for one in event.assessment.evidence)
    best = [level.tier for level in by.levels if level.least <= value]
    names = [level.tier for level in by.levels]
    held = names.index(had) + 1 if had is not None else 0
    if len(best) >= held or by.downgrade is Downgrade.REQUALIFY:
        return best[-1] if best else None
    if by.downgrade is Downgrade.NONE:
        return had
    return names[held - 2] if held > 1 else None


@law
@given(ladders.filter(lambda one: one.basis is not Basis.BALANCE), gains)
def test_l13_evidence_leads_to_the_same_tier_again(by: TierLadder, told: list[Any]) -> None:
    anna = Member(by)
    for points, day, refunded in told:
        anna.earns(points, NOON + day * A_DAY)
        if refunded:
            anna.loses("o-0", anna.state.gains.of[LotId("o-0")].points, NOON + day * A_DAY)

    had: str | None = None
    for event in anna.told:
        found = event.assessment
        assert found.value == sum(one.value for one in found.evidence)
        again = led_to(event, by, had=had)
        if isinstance(event, TierGraceStarted):
            assert event.tier == had
            assert (by.height(again) or 0) < (by.height(had) or 0)
        else:
            assert event.tier == again
            had = event.tier


@law
@given(ladders.filter(lambda one: one.basis is not Basis.BALANCE), gains)
def test_l9_a_tier_at_a_moment_is_that_which_would_have_been_decided_then(
    by: TierLadder, told: list[Any]
) -> None:
    asked_often, asked_once = Member(by), Member(by)
    days = sorted(day for _, day, _ in told)
    for at, (points, _, refunded) in zip(days, told, strict=True):
        for day in range(max(at - 40, days[0] + 1), at, 7):
            asked_often.look(NOON + day * A_DAY)
        for one in (asked_often, asked_once):
            one.earns(points, NOON + at * A_DAY)
            if refunded:
                one.loses("o-0", one.state.gains.of[LotId("o-0")].points, NOON + at * A_DAY)
        assert asked_often.state.tier == asked_once.state.tier
        assert asked_often.state.past == asked_once.state.past


def town(by: TierLadder) -> Chronicle:
    """Where Gold earns double and a tier is won by what is earned."""
    (group,) = giving(1).groups
    return chronicle(
        [
            DefineProgram(program=PROGRAM, at=NOON, name="Regulars"),
            PublishEarningRules(
                program=PROGRAM,
                at=NOON,
                rules=evolve(giving(1), groups=(group,), multipliers=GOLD_DOUBLES),
            ),
            PublishTierLadder(program=PROGRAM, at=NOON, ladder=by),
        ]
    )


def buys(there: Chronicle, number: int, day: int) -> None:
    order, at = OrderId(f"o-{number}"), NOON + day * A_DAY
    there.tell(evolve(PLACE, order=order, at=at))
    there.tell(evolve(DELIVER, order=order, at=at))


def test_an_order_earns_by_the_tier_at_which_it_was_placed() -> None:
    there = town(ladder(("Gold", 100)))
    early = evolve(PLACE, order=OrderId("early"), at=NOON)
    there.tell(early)
    buys(there, 1, day=1)
    buys(there, 2, day=2)
    there.tell(evolve(DELIVER, order=early.order, at=NOON + 3 * A_DAY))

    assert [(one.order, one.points) for one in there.all(PointsEarned)] == [
        ("o-1", 100),
        ("o-2", 200),
        ("early", 100),
    ]
    assert [one.valid_from for one in there.all(TierEntered)] == [NOON + A_DAY]


def test_wr15_a_refund_takes_back_by_the_tier_that_the_order_had() -> None:
    there = town(ladder(("Gold", 100), window=Window.ROLLING, days=10, term_months=1))
    buys(there, 1, day=0)
    buys(there, 2, day=1)
    there.tell(evolve(refund(100_00), order=OrderId("o-2"), at=NOON + 60 * A_DAY))

    assert [one.points for one in there.all(PointsReversed)] == [200]
    assert [one.valid_from for one in there.all(TierDowngraded)] == [
        datetime(2024, 6, 17, 12, tzinfo=UTC)
    ]


def test_a_balance_counts_as_it_was_at_the_end_of_a_term_however_late_that_is_asked() -> None:
    there = town(ladder(("Gold", 100), basis=Basis.BALANCE, term_months=1))
    buys(there, 1, day=0)
    spent = RedeemPoints(
        program=PROGRAM,
        customer=ANNA,
        at=NOON + 40 * A_DAY,
        redemption=RedemptionId("late"),
        points=100,
        reward=Reward(kind="gift"),
    )
    there.tell(spent)
    buys(there, 2, day=70)

    assert [one.valid_from.month for one in there.all(TierRenewed)] == [6]
    assert [one.valid_from.month for one in there.all(TierDowngraded)] == [7]
    assert there.account(ANNA).tier.tier == "Gold"


MOVES: dict[str, tuple[Command, str | None]] = {
    "spent": (redeem(60), "Silver"),
    "taken out": (adjust(-60), "Silver"),
    "given away": (give(60), "Silver"),
    "put in": (adjust(200), "Platinum"),
    "brought along": (migrate(200), "Platinum"),
    "held": (reserve(60), "Gold"),
}


@pytest.mark.parametrize(("move", "tier"), MOVES.values(), ids=MOVES)
def test_a_tier_by_balance_follows_whatever_points_are_moved(
    move: Command, tier: str | None
) -> None:
    levels = (("Silver", 30), ("Gold", 100), ("Platinum", 250))
    there = town(ladder(*levels, basis=Basis.BALANCE, downgrade=Downgrade.IMMEDIATE))
    buys(there, 1, day=0)

    there.tell(move)

    assert there.account(ANNA).tier.tier == tier


def test_a_tier_by_balance_comes_back_with_points_and_is_won_by_who_is_given_some() -> None:
    levels = (("Silver", 30), ("Gold", 100))
    there = town(ladder(*levels, basis=Basis.BALANCE, downgrade=Downgrade.IMMEDIATE))
    buys(there, 1, day=0)
    there.tell(redeem(60))
    there.tell(undo(1, 1))
    assert there.account(ANNA).tier.tier == "Gold"

    there.tell(give(40))

    assert [there.account(one).tier.tier for one in (ANNA, BO)] == ["Silver", "Silver"]


def test_spending_touches_no_tier_by_what_was_earned_and_none_of_another_programme() -> None:
    by_balance = ladder(("Gold", 100), basis=Basis.BALANCE, downgrade=Downgrade.IMMEDIATE)
    earned, elsewhere = town(ladder(("Gold", 100))), town(by_balance)
    elsewhere.tell(evolve(migrate(500), program=ProgramId("other")))
    buys(earned, 1, day=0)
    earned.tell(redeem(60))

    assert earned.account(ANNA).tier.tier == "Gold"
    assert elsewhere.all(TierEntered) == []


def test_an_occasion_that_is_told_looks_after_a_term_that_ended() -> None:
    there = town(ladder(("Gold", 100), window=Window.ROLLING, days=10))
    buys(there, 1, day=0)
    there.tell(
        RecordOccasion(
            program=PROGRAM,
            customer=ANNA,
            at=NOON + 400 * A_DAY,
            occasion=OccasionId("2025"),
            on="year end",
        )
    )

    assert [one.left for one in there.all(TierDowngraded)] == ["Gold"]
