"""A log in which older versions named lots and occasions goes on as they meant it."""

from collections.abc import Iterator

from attrs import evolve

from regulars.application.events import Recorded
from regulars.application.what_if import what_if
from regulars.domain.loyalty import PointsEarned
from regulars.domain.reversal import PointsReversed
from regulars.domain.told_occasions import OccasionRecorded
from regulars.domain.values import LotId, OccasionId
from tests.application.histories import copied
from tests.application.memory_crm import Parts, memory_core
from tests.application.test_what_if import DAY, points, published
from tests.domain.examples import ANNA, BO, refund
from tests.domain.story import NOON
from tests.domain.test_referral import CLAIM, PROGRAMME, RULES, completed

REFEREE = OccasionId(ANNA)


def older(town: Parts) -> Iterator[Recorded]:
    """What was recorded, as an older version named it."""
    for one in town.events():
        match one.event:
            case OccasionRecorded():
                yield one._replace(event=evolve(one.event, occasion=REFEREE))
            case PointsEarned(order=None, on=on):
                yield one._replace(event=evolve(one.event, lot=LotId(f"{on}/{REFEREE}")))
            case _:
                yield one


def a_referral_of_an_older_version() -> Parts:
    town, since = memory_core(), memory_core()
    town.execute(*PROGRAMME, CLAIM, *completed())
    copied(older(town), since.storage.log)
    return since


def test_a_referral_is_taken_back_from_both_sides() -> None:
    town = a_referral_of_an_older_version()

    town.execute(evolve(refund(100_00), at=NOON + DAY))

    taken = [one.event for one in town.events() if isinstance(one.event, PointsReversed)]
    assert [(one.customer, one.lot, one.points) for one in taken] == [
        (ANNA, "o-1", 100),
        (BO, "referrer/anna", 80),
        (ANNA, "referee/anna", 120),
    ]


def test_a_referral_is_replayed_by_other_rules() -> None:
    town = a_referral_of_an_older_version()

    assert points(what_if(town.crm, published(RULES))) == {ANNA: (220, 220), BO: (80, 80)}
    town.execute(evolve(refund(100_00), at=NOON + DAY))
    assert points(what_if(town.crm, published(RULES))) == {ANNA: (0, 0), BO: (0, 0)}
