"""Rounds of grants: everybody of an audience once, the same ones first, and nobody twice."""

from typing import Any

import pytest
from attrs import evolve

from regulars.application.granting import Granted, Granting, Round
from regulars.domain.audience import Audience, in_turn
from regulars.domain.budget import Budget, BudgetConsumed
from regulars.domain.campaign import CampaignNotRunning, CustomerAssigned, UnknownCampaign
from regulars.domain.holdout import PLACES
from regulars.domain.program import DefineProgram, PublishEarningRules, PublishTierLadder
from regulars.domain.tier_ladder import Level, TierLadder
from regulars.domain.values import CustomerId
from tests.application.memory_crm import Parts, memory_core
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import DELIVER, PLACE, giving
from tests.domain.story import NOON, minutes
from tests.domain.test_campaign import DRAFT, LAUNCH, LUNCH, PLAN

PEOPLE = tuple(CustomerId(f"c-{number}") for number in range(5))
NOVEMBER = Round(program=PROGRAM, campaign=LUNCH, name="2026-11", amount=10, at=NOON)


def running(**plan: Any) -> Parts:  # noqa: ANN401 - fields of a plan
    shop = memory_core()
    whole = evolve(PLAN, audience=Audience(customers=PEOPLE), **plan)
    shop.execute(evolve(DRAFT, plan=whole), LAUNCH)
    return shop


def test_a_budget_that_is_too_small_serves_the_same_ones_whoever_asks() -> None:
    turns = in_turn(LUNCH, "1", PEOPLE)
    for told in (None, PEOPLE, PEOPLE[::-1]):
        shop = running(budget=Budget(total=25))
        heard: list[tuple[int, int]] = []

        def hear(done: int, of: int, heard: list[tuple[int, int]] = heard) -> None:
            heard.append((done, of))

        done = Granting(shop.crm).run(NOVEMBER, told, progress=hear)

        assert done == Granted(granted=3, amount=25, cut=1, nothing=2)
        given = [one.event for one in shop.events() if isinstance(one.event, BudgetConsumed)]
        assert [(one.customer, one.amount) for one in given] == list(
            zip(turns, (10, 10, 5, 0, 0), strict=True)
        )
        assert heard == [(5, 5)]


def test_a_round_that_is_run_again_grants_nothing_twice_and_the_next_one_does() -> None:
    shop = running(ends_at=NOON + minutes(5))
    granting = Granting(shop.crm)
    assert granting.run(NOVEMBER, PEOPLE[:2]) == Granted(granted=2, amount=20)

    assert granting.run(NOVEMBER) == Granted(granted=3, amount=30, repeated=2)
    assert granting.run(evolve(NOVEMBER, at=NOON + minutes(9))) == Granted(repeated=5)
    assert granting.run(evolve(NOVEMBER, name="2026-12")).granted == 5
    with pytest.raises(CampaignNotRunning):
        granting.run(evolve(NOVEMBER, name="2027-01", at=NOON + minutes(9)))


def test_rounds_and_customers_that_read_alike_are_told_apart() -> None:
    slash, plain = CustomerId("11/c-0"), CustomerId("c-0")
    shop = memory_core()
    plan = evolve(PLAN, audience=Audience(customers=(slash, plain)))
    shop.execute(evolve(DRAFT, plan=plan), LAUNCH)
    granting = Granting(shop.crm)

    assert granting.run(evolve(NOVEMBER, name="2026/11"), [plain]).granted == 1
    assert granting.run(evolve(NOVEMBER, name="2026"), [slash]).granted == 1


def test_who_is_left_alone_is_assigned_and_who_is_not_meant_is_neither() -> None:
    shop = running(holdout=PLACES)
    stranger = CustomerId("a stranger")

    assert Granting(shop.crm).run(NOVEMBER, [*PEOPLE, stranger]) == Granted(held_out=5, others=1)
    assigned = [one.event for one in shop.events() if isinstance(one.event, CustomerAssigned)]
    assert {(one.customer, one.variant) for one in assigned} == {(one, None) for one in PEOPLE}


def test_an_audience_of_a_tier_has_who_holds_it_then() -> None:
    shop = memory_core()
    ladder = TierLadder(levels=(Level(tier="gold", least=100),))
    shop.execute(
        DefineProgram(program=PROGRAM, at=NOON, name="Regulars"),
        PublishEarningRules(program=PROGRAM, at=NOON, rules=giving(1)),
        PublishTierLadder(program=PROGRAM, at=NOON, ladder=ladder),
    )
    shop.execute(evolve(PLACE, customer=PEOPLE[0]), DELIVER)
    shop.execute(evolve(DRAFT, plan=evolve(PLAN, audience=Audience(tiers=("gold",)))), LAUNCH)

    assert Granting(shop.crm).run(NOVEMBER, PEOPLE) == Granted(others=5)
    later = evolve(NOVEMBER, at=DELIVER.at)
    assert Granting(shop.crm).run(later, PEOPLE) == Granted(granted=1, amount=10, others=4)


def test_a_campaign_that_nobody_drafted_grants_nothing() -> None:
    with pytest.raises(UnknownCampaign):
        Granting(memory_core().crm).run(NOVEMBER, PEOPLE)
