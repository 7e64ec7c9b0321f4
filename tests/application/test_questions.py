"""Questions: answered from states of streams, now by the clock and as of any moment."""

from contextlib import closing
from datetime import datetime, timedelta

import pytest
from attrs import evolve, frozen

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.storage import SqlStorage
from regulars.application.aggregates import order_stream
from regulars.application.catalogue import VIEWS
from regulars.application.joined import Joined
from regulars.application.questions import Look, Question
from regulars.application.spending import SpendOrderOf
from regulars.domain.due import AccountBalance, balance
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.loyalty import LoyaltyAccountOpened, RecordDuePoints
from regulars.domain.offer import DefineOffer
from regulars.domain.order import Stage
from regulars.domain.program import DefineProgram, PublishEarningRules, SetProgramPolicies
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.values import BEGINNING, OfferId
from regulars.testing.pending_events import append, pending
from tests.application.histories import tell
from tests.application.memory_crm import TENANT, core, memory_core, sql_core
from tests.domain.carts import off
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, DELIVER, ORDER, PLACE, giving
from tests.domain.points import award, redeem
from tests.domain.story import NOON, minutes

SPRING = OfferId("spring")
DAY = timedelta(days=1)
DEFINE_PROGRAM = DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars")
PUBLISH = PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=giving(1))
DEFINE = DefineOffer(program=PROGRAM, offer=SPRING, at=NOON, terms=off(10_00))


@frozen
class Held(Question[AccountBalance]):
    """What Anna's account holds."""

    def answer(self, look: Look) -> AccountBalance:
        account = look.account(PROGRAM, ANNA)
        return balance(account, max(look.at, account.as_of))


@frozen
class Seen(Question[dict[str, object]]):
    """A bit of everything that there is to see."""

    def answer(self, look: Look) -> dict[str, object]:
        return {
            "at": look.at,
            "rules": len(look.program(PROGRAM).published),
            "stage": look.order(ORDER).stage,
            "offer": look.offer(PROGRAM, SPRING).defined is not None,
            "events": [(one.position, one.version) for one in look.events(order_stream(ORDER))],
        }


@frozen
class Versions(Question[list[int]]):
    """The versions of the rules that there are, each of which is found."""

    def answer(self, look: Look) -> list[int]:
        program = look.program(PROGRAM)
        found = [one.version for one in program.published]
        assert [program.version(one) for one in found] == [one.rules for one in program.published]
        return found


def held(available: int) -> AccountBalance:
    return AccountBalance(available=available, pending=0, reserved=0, debt=0)


def test_what_fell_due_is_counted_in_whether_or_not_it_was_recorded() -> None:
    fleeting = award("o-1", 30_00, expires_at=NOON + minutes(60))
    due = RecordDuePoints(program=PROGRAM, customer=ANNA, at=NOON + minutes(90))

    for town in (tell(memory_core(), [fleeting]), tell(memory_core(), [fleeting, due])):
        later = NOON + minutes(60)
        assert town.crm.ask(Held(), as_of=later - minutes(1)) == held(30)
        assert town.crm.ask(Held(), as_of=later) == held(0)
        assert town.crm.ask(Held()) == held(0)


def test_points_are_spent_in_the_order_of_the_programme_at_that_moment() -> None:
    by_age = ProgramPolicies(spend_order=SpendOrder.FIFO)
    change = SetProgramPolicies(program=PROGRAM, at=NOON, policies=by_age)
    town = tell(memory_core(), [DEFINE_PROGRAM, change])
    asked = SpendOrderOf(program=PROGRAM)

    assert town.crm.ask(asked, as_of=NOON - minutes(1)) is SpendOrder.FEFO
    assert town.crm.ask(asked) is SpendOrder.FIFO


def test_now_is_by_the_clock_and_in_the_states_that_commands_have() -> None:
    town = tell(memory_core(), [award("o-1", 30_00)])
    assert town.crm.ask(Held()) == held(30)

    tell(town, [redeem(10)])

    assert town.crm.ask(Held()) == held(20)
    assert town.crm.ask(Seen())["at"] == town.clock.at


def test_what_another_process_recorded_is_seen() -> None:
    storage = MemoryStorage(tenant=TENANT)
    here, there = (core(storage, MemoryKeyStore(), inline=inline) for inline in (True, False))
    tell(here, [award("o-1", 30_00)])
    assert there.crm.ask(Held()) == held(30)

    tell(here, [redeem(10)])

    assert there.crm.ask(Held()) == held(20)


def test_as_of_a_position_all_that_was_recorded_up_to_there_is_seen() -> None:
    town = tell(memory_core(), [DEFINE_PROGRAM, PUBLISH, PLACE, DEFINE, DELIVER])

    sights = [town.crm.ask(Seen(), as_of=position) for position in range(6)]

    assert [one["at"] for one in sights] == [BEGINNING] * 3 + [NOON, NOON, DELIVER.at]
    assert [one["rules"] for one in sights] == [0, 0, 1, 1, 1, 1]
    assert [one["stage"] for one in sights] == [Stage.NONE] * 3 + [Stage.PLACED] * 2 + [
        Stage.DELIVERED
    ]
    assert [one["offer"] for one in sights] == [False] * 4 + [True] * 2
    assert sights[5]["events"] == [(3, 1), (5, 2)]
    assert town.crm.ask(Seen(), as_of=1_000)["at"] == DELIVER.at


def test_a_moment_is_found_where_the_last_events_are_somebody_elses() -> None:
    with closing(Database("sqlite://")) as database:
        town = tell(sql_core(database), [award("o-1", 30_00), redeem(10, NOON + DAY)])
        end = town.storage.log.head() + 40
        others = SqlStorage(database, VIEWS, tenant="another").log
        opened = LoyaltyAccountOpened(program=PROGRAM, customer=ANNA)
        append(others, *(pending(f"account-{number}", 1, opened) for number in range(40)))

        assert town.crm.ask(Seen(), as_of=end)["at"] == NOON + DAY
        assert town.crm.ask(Held(), as_of=end) == held(20)


def test_as_of_a_time_what_was_recorded_late_is_seen_from_its_own_moment_on() -> None:
    second = evolve(PUBLISH, at=NOON + DAY, rules=giving(3))
    late = evolve(PUBLISH, at=NOON - DAY, rules=giving(2), effective_from=NOON)
    town = tell(memory_core(), [DEFINE_PROGRAM, PUBLISH, second, late])
    before, after = (town.crm.ask(Versions(), as_of=NOON + days) for days in (-DAY, DAY))

    assert (before, after) == ([1, 3], [1, 2, 3])


def test_a_moment_without_a_time_zone_is_a_bug_of_the_host() -> None:
    with pytest.raises(ValueError, match="time zone"):
        memory_core().crm.ask(Held(), as_of=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the bug


def test_a_host_asks_inside_its_own_transaction_too() -> None:
    town = tell(memory_core(), [award("o-1", 30_00)])

    assert Joined(lambda: town.crm).ask(Held()) == held(30)
