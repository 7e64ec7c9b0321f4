"""Care: birthdays and holidays of those who consented, each once, with grants and reminders."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.caring import Cared, Caring, NoCarePlan
from regulars.application.errors import MayNotWrite
from regulars.application.granting import Granted
from regulars.domain.actor import AccessRecorded
from regulars.domain.budget import Budget
from regulars.domain.campaign import CampaignNotRunning, DraftCampaign, LaunchCampaign
from regulars.domain.campaign_plan import Plan
from regulars.domain.care_plan import CarePlan, SetCarePlan
from regulars.domain.consents import GrantConsent, WithdrawConsent
from regulars.domain.customer import RegisterCustomer, UpdateCustomerDetails
from regulars.domain.earning_rules import Group, Rule, RuleId, RuleSet, When
from regulars.domain.holdout import Variant
from regulars.domain.loyalty import PointsEarned
from regulars.domain.merge import MergeCustomers
from regulars.domain.order import MarkDelivered
from regulars.domain.personal import DataClass, Profile
from regulars.domain.program import DefineProgram, PublishEarningRules
from regulars.domain.reading import DEFAULT_POLICY, Basis, ReadingPolicy
from regulars.domain.reading import Rule as ReadingRule
from regulars.domain.reminders import CareReminderRaised
from regulars.domain.rights import ObjectToProcessing, RestrictProcessing
from regulars.domain.told_occasions import OccasionRecorded
from regulars.domain.values import CampaignId, CustomerId, OccasionId, OrderId
from tests.application.memory_crm import TENANT, Parts, core, memory_core
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.examples import ANNA, BO, NOODLES, PLACE
from tests.domain.points import adjust, close
from tests.domain.points import join as merge_accounts
from tests.domain.story import NOON
from tests.domain.test_repeats import BIRTHDAY

LEAP = date(2000, 2, 29)
CAKE = Rule(rule=RuleId("cake"), bonus=50, when=When(on="birthday"))
RULES = RuleSet(groups=(Group(rules=(CAKE,)),))
PLAN = CarePlan(holidays=("chinese_new_year", "spring"), region="CN")
CARDS = CampaignId("cards")
OF: dict[str, Any] = {"program": PROGRAM, "campaign": CARDS, "at": NOON}


class Almanac:
    """A calendar of two years."""

    def holidays(self, region: str, year: int) -> Mapping[str, date]:
        assert region == "CN"
        return {"chinese_new_year": {2026: date(2026, 2, 17), 2027: date(2027, 2, 6)}[year]}


def shop(plan: CarePlan = PLAN, policy: ReadingPolicy = DEFAULT_POLICY) -> Parts:
    shop = core(MemoryStorage(tenant=TENANT), MemoryKeyStore(), policy=policy)
    shop.execute(
        DefineProgram(program=PROGRAM, at=NOON, name="Regulars"),
        PublishEarningRules(program=PROGRAM, at=NOON, rules=RULES),
        SetCarePlan(program=PROGRAM, at=NOON, plan=plan),
    )
    return shop


def join(
    shop: Parts, one: CustomerId, born: date | None = LEAP, channel: str | None = None
) -> None:
    profile = None if born is None else Profile(birth_date=born)
    shop.execute(RegisterCustomer(customer=one, at=NOON, profile=profile))
    shop.execute(GrantConsent(customer=one, at=NOON, purpose="care", channel=channel))


def run(shop: Parts, year: int, month: int, day: int) -> Cared:
    return Caring(shop.crm, Almanac()).run(PROGRAM, date(year, month, day))


def had(shop: Parts) -> list[tuple[str, str]]:
    return [
        (one.event.customer, one.event.occasion)
        for one in shop.events()
        if isinstance(one.event, OccasionRecorded)
    ]


def test_we12_a_birthday_on_29_february_comes_on_the_28th_in_common_years() -> None:
    care = shop()
    join(care, ANNA)

    days = [(2026, 2, 28), (2026, 3, 1), (2027, 2, 28), (2028, 2, 28), (2028, 2, 29)]
    found = [run_without_holidays(care, *day) for day in days]

    assert [bool(one.occasions) for one in found] == [True, False, True, False, True]
    earned = [one.event.points for one in care.events() if isinstance(one.event, PointsEarned)]
    assert earned == [50, 50, 50]


def run_without_holidays(shop: Parts, year: int, month: int, day: int) -> Cared:
    shop.execute(SetCarePlan(program=PROGRAM, at=NOON, plan=CarePlan()))
    return run(shop, year, month, day)


def test_l11_another_birth_date_brings_no_second_birthday_within_365_days() -> None:
    care = shop(CarePlan())
    join(care, ANNA)
    assert run(care, 2026, 2, 28).occasions == {"birthday": 1}

    for born, day in ((date(2000, 6, 1), (2026, 6, 1)), (date(2000, 2, 27), (2027, 2, 27))):
        profile = Profile(birth_date=born)
        care.execute(UpdateCustomerDetails(customer=ANNA, at=NOON, profile=profile))
        assert run(care, *day).occasions == {}
    assert had(care) == [(ANNA, "2026/birthday")]


@pytest.mark.parametrize("over", [close(), merge_accounts()])
def test_an_account_that_is_over_keeps_nobody_else_from_being_cared_for(over: Command) -> None:
    care = shop(CarePlan())
    for one in (ANNA, BO):
        join(care, one)
    care.execute(adjust(5), over)

    assert run(care, 2026, 2, 28).occasions == {"birthday": 1}
    assert had(care) == [(BO, "2026/birthday")]


def test_another_occasion_under_the_id_keeps_nobody_else_from_being_cared_for() -> None:
    care = shop(CarePlan())
    for one in (ANNA, BO):
        join(care, one)
    care.execute(evolve(BIRTHDAY, occasion=OccasionId("2026/birthday"), on="survey"))

    assert run(care, 2026, 2, 28).occasions == {"birthday": 1}
    assert had(care) == [(one, "2026/birthday") for one in (ANNA, BO)]


def test_who_was_erased_has_no_holidays() -> None:
    care = shop()
    for one in (ANNA, BO):
        join(care, one)
    care.crm.erasures.erase(ANNA, by="officer:1", basis="asked")

    assert run(care, 2026, 2, 17).people == 1
    assert had(care) == [(BO, "2026/chinese_new_year")]


def test_a_day_that_is_run_again_records_nothing_more() -> None:
    care = shop()
    join(care, ANNA, date(1990, 2, 17))
    join(care, BO, None)

    first = run(care, 2026, 2, 17)
    again = run(care, 2026, 2, 17)

    assert first == Cared(
        on=date(2026, 2, 17),
        people=2,
        occasions={"birthday": 1, "chinese_new_year": 2},
        unknown=("spring",),
    )
    assert (again.people, again.occasions) == (2, {})
    assert sorted(had(care)) == [
        (ANNA, "2026/birthday"),
        (ANNA, "2026/chinese_new_year"),
        (BO, "2026/chinese_new_year"),
    ]


def test_an_occasion_comes_when_the_quiet_hours_are_over() -> None:
    care = shop()
    join(care, ANNA, None)
    run(care, 2026, 2, 17)

    (came,) = [one for one in care.events() if isinstance(one.event, OccasionRecorded)]
    assert datetime.fromtimestamp(came.occurred_at / 1e6, UTC) == datetime(2026, 2, 17, tzinfo=UTC)


def test_nobody_is_cared_for_without_a_consent_that_holds_on_that_channel() -> None:
    care = shop(evolve(PLAN, channel="sms"))
    join(care, CustomerId("by mail"), channel="mail")
    join(care, CustomerId("by sms"), channel="sms")
    join(care, CustomerId("by all"))
    join(care, CustomerId("no more"))
    join(care, CustomerId("objects"))
    join(care, CustomerId("restricts"))
    join(care, CustomerId("is another"))
    care.execute(RegisterCustomer(customer=CustomerId("silent"), at=NOON))
    late = GrantConsent(customer=CustomerId("silent"), at=NOON, purpose="marketing")
    care.execute(late)
    care.execute(WithdrawConsent(customer=CustomerId("no more"), at=NOON, purpose="care"))
    care.execute(ObjectToProcessing(customer=CustomerId("objects"), at=NOON, purpose="care"))
    care.execute(
        RestrictProcessing(customer=CustomerId("restricts"), at=NOON, data_class=DataClass.PROFILE)
    )
    care.execute(
        MergeCustomers(
            absorbed=CustomerId("is another"),
            survivor=CustomerId("by all"),
            at=NOON,
            evidence="same-person",
        )
    )

    assert run(care, 2026, 2, 17).people == len(had(care)) == 2
    assert {one for one, _ in had(care)} == {"by all", "by sms"}


def test_what_a_policy_allows_by_contract_needs_no_consent() -> None:
    by_contract = ReadingRule(
        role="care",
        purpose="care",
        revealed=frozenset({DataClass.PROFILE}),
        basis=Basis.CONTRACT,
    )
    for rules, people in (((by_contract,), 1), ((), 0)):
        care = shop(policy=evolve(DEFAULT_POLICY, rules=rules))
        care.execute(RegisterCustomer(customer=ANNA, at=NOON))

        assert run(care, 2026, 2, 17).people == people


def test_birth_dates_are_read_through_the_gate_and_stand_in_no_event() -> None:
    care = shop()
    join(care, ANNA)
    run(care, 2026, 2, 28)

    (looked,) = [one.event for one in care.events() if isinstance(one.event, AccessRecorded)]
    assert (looked.role, looked.purpose) == ("care", "care")
    assert [(one.subject, one.outcome) for one in looked.looks] == [("customer/anna", "revealed")]


def test_a_programme_that_does_not_look_at_birthdays_reads_none() -> None:
    care = shop(evolve(PLAN, birthdays=False))
    join(care, ANNA)
    run(care, 2026, 2, 28)

    assert not any(isinstance(one.event, AccessRecorded) for one in care.events())


def with_campaign(budget: int | None = None) -> Parts:
    care = shop(evolve(PLAN, campaign=CARDS))
    plan = Plan(variants=(Variant(name="card"),), budget=Budget(total=budget))
    care.execute(DraftCampaign(**OF, plan=plan))
    care.execute(LaunchCampaign(**OF))
    join(care, ANNA)
    join(care, BO, date(1990, 2, 28))
    return care


def test_a_plan_with_a_campaign_grants_once_for_each_occasion() -> None:
    care = with_campaign()

    assert run(care, 2026, 2, 28).grants == {"birthday": Granted(granted=2, amount=2)}
    assert run(care, 2026, 2, 28).grants == {"birthday": Granted(repeated=2)}
    moved = UpdateCustomerDetails(
        customer=BO, at=NOON, profile=Profile(birth_date=date(1990, 3, 1))
    )
    care.execute(moved)
    assert run(care, 2026, 3, 1).grants == {"birthday": Granted(repeated=1)}


def test_a_campaign_that_does_not_run_is_told_and_the_occasions_stand() -> None:
    care = shop(evolve(PLAN, campaign=CARDS))
    join(care, ANNA)
    care.execute(DraftCampaign(**OF, plan=Plan(variants=(Variant(name="card"),))))

    with pytest.raises(CampaignNotRunning):
        run(care, 2026, 2, 28)
    assert had(care) == [(ANNA, "2026/birthday")]


def test_l13_merchants_are_reminded_days_ahead_of_those_who_consented_to_it() -> None:
    care = shop(evolve(PLAN, remind_days=3))
    join(care, ANNA)
    join(care, BO, date(1990, 2, 28), channel="merchant")
    join(care, CustomerId("of nobody"), channel="sms")
    for number, one in enumerate((ANNA, BO)):
        order = OrderId(f"o-{number}")
        care.execute(evolve(PLACE, order=order, customer=one))
        care.execute(MarkDelivered(order=order, at=NOON + timedelta(hours=1)))

    assert run(care, 2026, 2, 25).reminders == 2
    assert run(care, 2026, 2, 25).reminders == 0
    assert run(care, 2026, 2, 14).reminders == 2
    raised = [one.event for one in care.events() if isinstance(one.event, CareReminderRaised)]
    assert {(one.merchant, one.customer, one.on, one.days) for one in raised} == {
        (NOODLES, one, on, 3) for one in (ANNA, BO) for on in ("birthday", "chinese_new_year")
    }


def test_a_job_that_may_not_write_is_told_so() -> None:
    care = shop(policy=evolve(DEFAULT_POLICY, read_only=frozenset({"care"})))
    join(care, ANNA)

    with pytest.raises(MayNotWrite):
        run(care, 2026, 2, 17)


def test_without_a_plan_nobody_is_cared_for() -> None:
    with pytest.raises(NoCarePlan, match="no plan of care on 2026-02-17"):
        Caring(memory_core().crm, Almanac()).run(PROGRAM, date(2026, 2, 17))


def test_progress_tells_how_many_were_looked_at() -> None:
    care, told = shop(), list[tuple[int, int]]()
    join(care, ANNA)
    join(care, BO)

    Caring(care.crm, Almanac()).run(
        PROGRAM, date(2026, 2, 17), progress=lambda done, of: told.append((done, of))
    )

    assert told == [(1, 2), (2, 2)]
