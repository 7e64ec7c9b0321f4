"""The pages of commands and questions tell what the code has, and no less than what comes of it."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, get_args

import pytest
from hypothesis import given, settings

from regulars.application.batch import Receipt
from regulars.application.events import Command
from regulars.domain import due
from regulars.domain.adjustment import AdjustPoints, PointsAdjusted
from regulars.domain.claim import ClaimReward, UnknownReward
from regulars.domain.lots import PointsDebtSettled
from regulars.domain.loyalty import AwardPoints
from regulars.domain.order import MarkDelivered, OrderAccepted, OrderDelivered
from regulars.domain.program import ProgramDefined
from regulars.domain.redemption import CapturePoints, NotEnoughPoints, RedeemPoints
from regulars.domain.tiers import EvaluateTier
from tests.adapters import commands_page, questions_page
from tests.adapters.commands_page import types_of
from tests.adapters.field_meanings import MEANINGS
from tests.adapters.outcomes import asked_for, outcomes
from tests.application.memory_crm import memory_core, request
from tests.architecture.test_public_names import SAID_BY_THE_CORE
from tests.domain.account_histories import lives
from tests.domain.fillings import PLAIN
from tests.domain.strategies import histories

ASKED_OF_ALL = {
    *("InvalidId", "InvalidText", "ReservedId", "SubjectErased", "ErasureWaits", "MergedInto")
}
"""What the head of the page says of any command."""


@pytest.mark.parametrize("page", [commands_page, questions_page])
def test_a_page_tells_what_the_code_has(page: Any) -> None:  # noqa: ANN401 - a module
    assert page.PAGE.read_text(encoding="utf-8") == page.page()


def test_every_field_of_a_command_or_question_has_a_meaning_and_no_meaning_is_of_nothing() -> None:
    commands = [one for one in get_args(Command) if one.__name__ not in SAID_BY_THE_CORE]
    fields = {
        (kind.__name__, name)
        for kind in [*commands, *questions_page.questions()]
        for name in types_of(kind)
    }
    own = {f"{kind}.{name}" for kind, name in fields}

    assert {
        f"{kind}.{name}"
        for kind, name in fields
        if name not in MEANINGS and f"{kind}.{name}" not in MEANINGS
    } == set()
    assert set(MEANINGS) <= own | {name for _, name in fields}


def test_what_comes_of_a_command_is_read_from_what_decides_on_it() -> None:
    adjusted, claimed = outcomes(AdjustPoints), outcomes(ClaimReward)

    assert outcomes(MarkDelivered).events == {OrderDelivered}
    assert {PointsAdjusted, PointsDebtSettled} <= adjusted.events
    assert NotEnoughPoints in adjusted.refusals & claimed.refusals & outcomes(RedeemPoints).refusals
    assert UnknownReward in claimed.refusals - outcomes(RedeemPoints).refusals
    assert asked_for(OrderDelivered) == {AwardPoints, CapturePoints, EvaluateTier}
    assert asked_for(OrderAccepted) == {CapturePoints}
    assert asked_for(ProgramDefined) == set()


def told(commands: Sequence[Command]) -> None:
    """Compare what comes of commands with what is read from the code."""
    town = memory_core()
    for command in commands:
        (outcome,) = town.execute_all(request(command))
        found = outcomes(type(command))
        if isinstance(outcome, Receipt):
            assert {type(event) for event in outcome.events} <= found.events | {
                *get_args(due.Event)
            }
        else:
            asked = chain.from_iterable(map(asked_for, found.events))
            why = found.refusals.union(*(outcomes(one).refusals for one in asked))
            assert type(outcome).__name__ in ASKED_OF_ALL | {one.__name__ for one in why}


@settings(max_examples=5)
@given(histories(PLAIN, most_orders=2))
def test_nothing_comes_of_a_town_that_the_page_does_not_tell(history: tuple[Command, ...]) -> None:
    told(history)


@settings(max_examples=5)
@given(lives())
def test_nothing_comes_of_an_account_that_the_page_does_not_tell(
    history: tuple[Command, ...],
) -> None:
    told(history)
