"""Other rules over the same orders: what they would give, and nothing where nothing changes."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Final

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from regulars.application.balances import PointsBalance
from regulars.application.crm import Crm
from regulars.application.events import Event, Recorded
from regulars.application.program import as_published
from regulars.application.replay_parts import kin
from regulars.application.replaying import Compared
from regulars.application.what_if import NoReplay, WhatIf, what_if
from regulars.domain.account_merge import LoyaltyAccountMerged
from regulars.domain.closing import CloseAccount
from regulars.domain.customer import RegisterCustomer
from regulars.domain.earning_rules import (
    Goods,
    Group,
    Multiplier,
    Nth,
    Rate,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.ledger_policies import Arithmetic, ReturnPolicy
from regulars.domain.merge import MergeCustomers, RevertMerge
from regulars.domain.order import MarkDelivered, OrderDelivered
from regulars.domain.program import Command as ProgramCommand
from regulars.domain.program import (
    DefineProgram,
    Program,
    PublishEarningRules,
    PublishTierLadder,
    SetProgramPolicies,
)
from regulars.domain.program_policies import USUAL
from regulars.domain.purchase import Line, PlaceOrder
from regulars.domain.refund import IssueRefund, Returned
from regulars.domain.tier_ladder import Basis, Downgrade, Level, TierLadder, Window
from regulars.domain.told_occasions import RecordOccasion
from regulars.domain.values import (
    BEGINNING,
    CustomerId,
    ItemId,
    Money,
    OccasionId,
    OrderId,
    ProgramId,
    RefundId,
)
from tests.application.histories import tell
from tests.application.memory_crm import Parts, memory_core, request
from tests.application.shop_week import FRIDAY, MONDAY, SATURDAY, WEEK, shop_week
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.examples import ANNA, BO, DELIVER, PLACE, giving, refund
from tests.domain.story import NOON
from tests.domain.test_referral import CLAIM, PROGRAMME, RULES, bonus, completed

DAY: Final = timedelta(days=1)


def published(rules: RuleSet, *more: ProgramCommand) -> Program:
    """A programme of these rules."""
    publish = PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=rules)
    return as_published(
        [DefineProgram(program=PROGRAM, at=BEGINNING, name="Other"), publish, *more]
    )


def points(found: WhatIf) -> dict[str, tuple[int, int]]:
    """By customer, what they have and what they would have."""
    return {one.customer: (one.recorded, one.other) for one in found.customers}


def climbing(least: int = 100, basis: Basis = Basis.EARNED) -> PublishTierLadder:
    """A ladder with gold from so many points on, which last for a month."""
    ladder = TierLadder(
        levels=(Level(tier="gold", least=least),),
        basis=basis,
        window=Window.ROLLING,
        days=30,
        term_months=1,
        downgrade=Downgrade.REQUALIFY,
    )
    return PublishTierLadder(program=PROGRAM, at=BEGINNING, ladder=ladder)


def doubled(*whens: When) -> RuleSet:
    """A point for each unit, times two where any of these is met."""
    return evolve(
        giving(1),
        multipliers=tuple(
            Multiplier(rule=RuleId(f"double-{number}"), numerator=2, when=when)
            for number, when in enumerate(whens)
        ),
    )


def returning(arithmetic: Arithmetic) -> SetProgramPolicies:
    """Policies by which refunds take points back in this way."""
    policies = evolve(USUAL, returns=ReturnPolicy(arithmetic=arithmetic))
    return SetProgramPolicies(program=PROGRAM, at=BEGINNING, policies=policies)


def test_other_rules_give_what_they_would_have_given_less_what_refunds_leave() -> None:
    found = what_if(shop_week().crm, published(giving(2)))

    # Anna's 34.50 CNY and 9.99 USD are left: 34 + 9, or 69 + 19; Bo's 45.50 CNY are 45, or 91.
    assert found.customers == (
        Compared(customer=ANNA, orders=3, recorded=43, other=88),
        Compared(customer=BO, orders=1, recorded=45, other=91),
    )
    assert (found.orders, found.recorded, found.other, found.difference) == (4, 88, 179, 91)
    assert (found.winners, found.losers) == (2, 0)
    assert found.cost(Money(minor=3, currency="CNY")) == Money(minor=273, currency="CNY")


def test_customers_may_lose_by_other_rules() -> None:
    tea = Rule(rule=RuleId("tea"), rate=Rate(points=20), goods=Goods(items=(ItemId("tea"),)))

    found = what_if(shop_week().crm, published(RuleSet(groups=(Group(rules=(tea,)),))))

    # Of Anna's first order 34.50 are left, and 3.83 of them are a ninth for tea.
    assert points(found) == {ANNA: (43, 76), BO: (45, 0)}
    assert (found.winners, found.losers, found.difference) == (1, 1, -12)


def test_only_orders_placed_in_the_period_earn_otherwise() -> None:
    rules = published(giving(2))

    until = what_if(shop_week().crm, rules, until=MONDAY)
    since = what_if(shop_week().crm, rules, since=MONDAY)
    between = what_if(shop_week().crm, rules, since=FRIDAY, until=SATURDAY)

    assert points(until) == {ANNA: (34, 69)}
    assert points(since) == {ANNA: (9, 19), BO: (45, 91)}
    assert points(between) == {ANNA: (34, 69)}


def test_orders_before_the_period_count_for_the_number_of_an_order() -> None:
    second = published(doubled(When(nth=Nth(n=2))))

    found = what_if(shop_week().crm, second, since=SATURDAY)

    # The second order was paid back; the third is not doubled.
    assert points(found)[ANNA] == (9, 9)
    assert points(what_if(shop_week().crm, second))[BO] == (45, 45)


def test_rules_change_over_time_as_their_file_says() -> None:
    later = PublishEarningRules(
        program=PROGRAM, at=BEGINNING, rules=giving(3), effective_from=MONDAY
    )

    found = what_if(shop_week().crm, published(giving(1), later))

    assert points(found) == {ANNA: (43, 34 + 29), BO: (45, 136)}


def test_other_rules_for_one_currency_leave_orders_in_others_without_points() -> None:
    publish = PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=giving(1), currency="USD")
    rules = as_published([DefineProgram(program=PROGRAM, at=BEGINNING, name="Other"), publish])

    assert points(what_if(shop_week().crm, rules)) == {ANNA: (43, 9), BO: (45, 0)}


def test_policies_are_those_of_the_programme_unless_the_other_has_its_own() -> None:
    town = tell(memory_core(), [*WEEK[:2], returning(Arithmetic.NONE), *WEEK[2:]])

    as_recorded = what_if(town.crm, published(giving(1)))
    otherwise = what_if(town.crm, published(giving(1), returning(Arithmetic.RECOMPUTE)))

    assert points(as_recorded)[ANNA] == (94, 94)
    assert points(otherwise)[ANNA] == (94, 43)


def test_tiers_are_as_recorded_unless_the_other_programme_has_a_ladder() -> None:
    gold = When(tiers=("gold",))
    town = tell(memory_core(), [*WEEK[:2], climbing(85), *WEEK[2:]])

    # Anna has 85 points of two orders when she places her third, in the recorded programme.
    assert points(what_if(town.crm, published(doubled(gold)))) == {ANNA: (43, 53), BO: (45, 45)}
    higher = published(doubled(gold), climbing(86))
    assert points(what_if(town.crm, higher)) == {ANNA: (43, 43), BO: (45, 45)}
    thrice = published(evolve(giving(3), multipliers=doubled(gold).multipliers), climbing(200))
    assert points(what_if(town.crm, thrice)) == {ANNA: (43, 103 + 59), BO: (45, 136)}


def test_what_one_request_told_is_judged_together_as_it_was() -> None:
    rules, ladder = doubled(When(tiers=("gold",))), climbing(100)
    town = tell(memory_core(), [DefineProgram(program=PROGRAM, at=BEGINNING, name="R"), ladder])
    town.execute(PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=rules))
    town.execute(PLACE, DELIVER, evolve(refund(100_00), at=DELIVER.at))
    later = NOON + DAY
    town.execute(
        evolve(PLACE, order=OrderId("o-2"), at=later),
        MarkDelivered(order=OrderId("o-2"), at=later),
    )

    # What came and went in one request never was enough for gold.
    assert points(what_if(town.crm, published(rules, ladder))) == {ANNA: (100, 100)}


def test_a_ladder_by_balance_is_not_replayed() -> None:
    with pytest.raises(NoReplay, match="balance"):
        what_if(shop_week().crm, published(giving(1), climbing(basis=Basis.BALANCE)))


def test_occasions_that_were_told_earn_by_the_other_rules() -> None:
    birthday = RecordOccasion(
        program=PROGRAM, customer=ANNA, at=FRIDAY, occasion=OccasionId("24"), on="birthday"
    )
    town = tell(memory_core(), [*WEEK[:2], birthday])
    rules = RuleSet(groups=(Group(rules=(bonus("birthday", 50),)),))

    assert points(what_if(town.crm, published(rules))) == {ANNA: (0, 50)}
    assert points(what_if(town.crm, published(rules, climbing()))) == {ANNA: (0, 50)}
    assert what_if(town.crm, published(rules), since=SATURDAY).customers == ()


@pytest.mark.parametrize("returned", [False, True])
def test_what_a_referral_brought_is_taken_back_from_both_sides(returned: bool) -> None:  # noqa: FBT001 - as it is drawn
    town = memory_core()
    town.execute(*PROGRAMME, CLAIM, *completed())
    if returned:
        town.execute(evolve(refund(100_00), at=NOON + DAY))
    more = evolve(RULES, groups=(RULES.groups[0], Group(rules=(bonus("referrer", 200),))))

    found = what_if(town.crm, published(more))

    kept = {ANNA: (220, 100), BO: (80, 200)}
    assert points(found) == (dict.fromkeys(kept, (0, 0)) if returned else kept)
    assert what_if(town.crm, published(more), since=NOON + DAY).customers == ()


def test_a_referral_is_taken_back_from_the_account_that_a_side_was_merged_into() -> None:
    chen = CustomerId("chen")
    town = memory_core()
    town.execute(*(RegisterCustomer(customer=one, at=BEGINNING) for one in (ANNA, BO, chen)))
    town.execute(*PROGRAMME, CLAIM, *completed())
    town.execute(evolve(JOIN, survivor=chen))
    town.execute(evolve(refund(100_00), at=NOON + 2 * DAY))
    more = evolve(RULES, groups=(RULES.groups[0], Group(rules=(bonus("referrer", 200),))))

    found = what_if(town.crm, published(RuleSet(groups=()), since_ever(more)))

    assert points(found) == {ANNA: (0, 0), chen: (0, 0)}


def since_ever(rules: RuleSet) -> PublishEarningRules:
    """The rules that hold, under a number that the recorded programme does not have."""
    return PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=rules)


def test_another_programme_and_its_accounts_are_left_alone() -> None:
    club = ProgramId("club")
    birthday = RecordOccasion(
        program=club, customer=ANNA, at=FRIDAY, occasion=OccasionId("24"), on="birthday"
    )
    rules = PublishEarningRules(program=club, at=BEGINNING, rules=giving(7))
    define = DefineProgram(program=club, at=BEGINNING, name="Club")
    town = tell(memory_core(), [define, rules, birthday, *WEEK])

    assert what_if(town.crm, published(giving(1))).difference == 0


JOIN: Final = MergeCustomers(absorbed=BO, survivor=ANNA, at=NOON + DAY, evidence="same-phone")
PART: Final = RevertMerge(absorbed=BO, survivor=ANNA, at=NOON + 3 * DAY, evidence="two-people")


def bought(name: str, day: int, customer: CustomerId) -> list[Command]:
    """An order of 100.00, delivered at once."""
    order, at = OrderId(name), NOON + day * DAY
    return [
        evolve(PLACE, order=order, at=at, customer=customer),
        MarkDelivered(order=order, at=at),
    ]


def joined(*told: Command) -> Parts:
    """Anna and Bo, who turn out to be one person on the first day, after what was `told`."""
    return tell(
        memory_core(),
        [
            DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars"),
            PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=giving(1)),
            climbing(250),
            *(RegisterCustomer(customer=one, at=BEGINNING) for one in (ANNA, BO)),
            *told,
            JOIN,
            *bought("after", 2, BO),
            IssueRefund(order=OrderId("bo"), at=NOON + 2 * DAY, refund=RefundId("r"), amount=40_00),
        ],
    )


def test_accounts_that_were_merged_are_compared_as_one() -> None:
    town = joined(*bought("anna", 0, ANNA), *bought("bo", 0, BO))
    tell(town, [PART, *bought("apart", 4, BO)])

    # 100 + 60 + 100 of one account, and 100 of Bo's own.
    assert points(what_if(town.crm, published(giving(2)))) == {ANNA: (260, 520), BO: (100, 200)}
    assert what_if(town.crm, published(giving(2)), most_orders=1).difference == 360
    gold = doubled(When(tiers=("gold",)))
    same = what_if(town.crm, published(gold, climbing(201)))
    # Both accounts together never had more than 200 before the last order of the one.
    assert points(same) == {ANNA: (260, 260), BO: (100, 100)}
    reached = what_if(town.crm, published(gold, climbing(200)))
    assert points(reached) == {ANNA: (260, 360), BO: (100, 100)}


def test_whose_accounts_were_merged_time_and_again_are_kin_once() -> None:
    merged = LoyaltyAccountMerged(
        program=PROGRAM, customer=BO, survivor=ANNA, points=0, merged_at=NOON
    )
    back = evolve(merged, customer=ANNA, survivor=BO)

    assert kin([merged, merged, back]) == {BO: ANNA}


def test_an_account_that_other_rules_would_not_have_opened_is_merged_as_well() -> None:
    birthday = RecordOccasion(
        program=PROGRAM, customer=BO, at=NOON, occasion=OccasionId("24"), on="birthday"
    )
    town = joined(*bought("anna", 0, ANNA), birthday)

    found = what_if(town.crm, published(giving(2), climbing()))

    assert points(found) == {ANNA: (200, 400)}


def test_a_closed_account_earns_nothing_by_any_rules() -> None:
    close = CloseAccount(program=PROGRAM, customer=ANNA, at=NOON, reason="asked")
    orders = [*bought("o-1", 0, ANNA), close, *bought("o-2", 1, ANNA)]
    town = tell(memory_core(), [*WEEK[:2], *orders])

    assert points(what_if(town.crm, published(giving(2)))) == {ANNA: (100, 200)}
    assert points(what_if(town.crm, published(giving(2), climbing()))) == {ANNA: (100, 200)}


def test_a_programme_in_which_no_order_earned_had_no_accounts_to_merge() -> None:
    town = joined(*bought("anna", 0, ANNA), *bought("bo", 0, BO))

    found = what_if(town.crm, published(giving(2)), program_id=ProgramId("club"))

    assert points(found) == {ANNA: (0, 200), BO: (0, 320)}


@frozen
class Whole:
    """A history that tells more than it is asked for."""

    crm: Crm

    def head(self) -> int:
        return self.crm.head()

    def events(
        self,
        *,
        upto: int | None = None,
        stream: str | None = None,
        types: Collection[type[Event]] | None = None,
    ) -> Iterator[Recorded]:
        types = types if stream else None
        return self.crm.events(upto=upto, stream=stream, types=types)


def test_events_of_no_concern_are_passed_over() -> None:
    found = what_if(Whole(shop_week().crm), published(giving(2)))

    assert points(found) == {ANNA: (43, 88), BO: (45, 91)}


def test_customers_may_be_replayed_in_parts() -> None:
    names = [f"c{number}" for number in range(12)]
    town = tell(memory_core(), [*WEEK[:2], *(one for name in names for one in life(name))])
    told: list[tuple[int, int]] = []

    rules = published(giving(2))
    whole = what_if(town.crm, rules)
    parts = what_if(
        town.crm, rules, most_orders=5, progress=lambda done, of: told.append((done, of))
    )

    assert parts == whole
    assert points(whole) == dict.fromkeys(names, (4 + 9, 9 + 19))
    # More than two passes, each from the beginning to the end.
    head = town.crm.head()
    assert told.count((1, head)) == told.count((head, head)) > 2


def life(name: str) -> list[Command]:
    """Two orders of 9.99, half of the first paid back, and one that is still on its way."""
    commands: list[Command] = []
    for number in range(3):
        order = OrderId(f"{name}/{number}")
        commands.append(
            PlaceOrder(order=order, at=NOON, currency="CNY", total=9_99, customer=CustomerId(name))
        )
        if number < 2:
            commands.append(MarkDelivered(order=order, at=NOON))
    back = IssueRefund(order=OrderId(f"{name}/0"), at=NOON, refund=RefundId("r"), amount=5_00)
    return [*commands, back]


SOUPS: Final = Goods(items=(ItemId("soup"),))
ELABORATE: Final = evolve(
    doubled(When(tiers=("gold",)), When(nth=Nth(n=3, days=2))),
    groups=(
        Group(rules=(Rule(rule=RuleId("basic"), rate=Rate(points=3, per_numerator=2)),), most=40),
        Group(rules=(evolve(bonus("soup", 5), each=True, when=When(), goods=SOUPS),)),
    ),
    most=60,
)
"""A rate with a cap, a bonus for soup, and more for gold and for the third order in two days."""

_ORDER: Final = st.tuples(
    st.sampled_from([ANNA, BO]),
    st.integers(0, 6),  # hours since the order before
    st.integers(0, 3),  # soups, for 10.50 each
    st.integers(0, 60_00),  # and something else
    st.lists(st.integers(1, 30_00) | st.booleans(), max_size=2),  # amounts or soups paid back
)


def lived(orders: Sequence[tuple[CustomerId, int, int, int, list[int]]]) -> list[list[Command]]:
    """The commands of such orders; of refunds, those that cannot be are refused."""
    lives: list[list[Command]] = []
    at = NOON
    for number, (customer, hours, soups, rest, back) in enumerate(orders):
        at += timedelta(hours=hours * 5)
        order = OrderId(f"o-{number}")
        lines = (
            Line(line=1, item=ItemId("soup"), quantity=soups, unit_price=10_50),
            Line(line=2, item=ItemId("rest"), quantity=1, unit_price=rest),
        )
        total = soups * 10_50 + rest
        commands: list[Command] = [
            PlaceOrder(
                order=order, at=at, currency="CNY", total=total, customer=customer, lines=lines
            ),
            MarkDelivered(order=order, at=at + timedelta(hours=1)),
        ]
        commands += [
            IssueRefund(
                order=order,
                at=at + timedelta(hours=9 + place),
                refund=RefundId(f"r-{place}"),
                amount=None if amount in (True, False) else amount,
                lines=(Returned(line=1, quantity=1),) if amount in (True, False) else (),
            )
            for place, amount in enumerate(back)
        ]
        lives.append(commands)
    return lives


@given(
    orders=st.lists(_ORDER, max_size=7),
    arithmetic=st.sampled_from(Arithmetic),
    basis=st.sampled_from([Basis.EARNED, Basis.ORDERS]),
    together=st.booleans(),
)
def test_unchanged_rules_change_nothing_for_anybody(
    orders: list[tuple[CustomerId, int, int, int, list[int]]],
    arithmetic: Arithmetic,
    basis: Basis,
    together: bool,  # noqa: FBT001 - as it is drawn
) -> None:
    ladder = climbing({Basis.EARNED: 60, Basis.ORDERS: 2}[basis], basis)
    policies = returning(arithmetic)
    told: list[Command] = [
        DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars"),
        PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=ELABORATE),
        policies,
        ladder,
    ]
    town = memory_core()
    lives = lived(orders)
    if not together:
        lives = [[command] for life in lives for command in life]
    town.execute_all(request(*told), *(request(*commands) for commands in lives))

    for same in (published(ELABORATE), published(ELABORATE, policies, ladder)):
        found = what_if(town.crm, same)

        assert all(one.difference == 0 for one in found.customers)
        assert found.orders == sum(isinstance(one.event, OrderDelivered) for one in town.events())
        assert points(found) == {
            one: (held.earned - held.reversed,) * 2
            for one in {customer for customer, *_ in orders}
            if (held := town.crm.ask(PointsBalance(customer=one))) is not None
        }
