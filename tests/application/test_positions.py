"""How far the followers of a host are, beside the log."""

from typing import Any

import pytest

from regulars.application.catalogue import KEPT
from regulars.application.crm import Crm
from regulars.application.errors import AheadOfLog, InvalidId, ReservedId
from regulars.application.protecting import BOUND, FOLLOWER
from tests.application.histories import tell
from tests.application.memory_crm import memory_core
from tests.application.shop_week import WEEK

TAKEN = (FOLLOWER, BOUND, *(view.name for view in KEPT))


@pytest.fixture
def crm() -> Crm:
    return tell(memory_core(), WEEK).crm


def test_a_follower_begins_where_it_was_last(crm: Crm) -> None:
    assert crm.positions.kept("billing") == 0

    crm.positions.keep("billing", 3)
    crm.positions.keep("mail", crm.head())

    assert (crm.positions.kept("billing"), crm.positions.kept("mail")) == (3, crm.head())


def test_a_follower_that_does_it_all_again_goes_back(crm: Crm) -> None:
    crm.positions.keep("billing", 3)

    crm.positions.keep("billing", 0)

    assert crm.positions.kept("billing") == 0


def test_a_follower_that_is_no_more_is_forgotten(crm: Crm) -> None:
    crm.positions.keep("billing", 3)
    crm.positions.keep("mail", 2)

    crm.positions.forget("billing")
    crm.positions.forget("never heard of")

    assert (crm.positions.kept("billing"), crm.positions.kept("mail")) == (0, 2)


def test_no_follower_is_further_than_the_log(crm: Crm) -> None:
    crm.positions.keep("billing", 3)

    with pytest.raises(AheadOfLog) as told:
        crm.positions.keep("billing", crm.head() + 1)

    assert (told.value.position, told.value.head) == (crm.head() + 1, crm.head())
    assert crm.positions.kept("billing") == 3


@pytest.mark.parametrize(
    ("named", "wrong", "told"),
    [
        ({"follower": ""}, InvalidId, "follower: an id is 1 to 200 characters"),
        ({"follower": "a\0"}, InvalidId, "follower: an id is"),
        ({"follower": 3}, TypeError, "follower must be str, not int"),
        (
            {"follower": "regulars/relay"},
            ReservedId,
            "begin with regulars/ are made by the product",
        ),
        *(({"follower": name}, ValueError, f"its own: {name} is the core's") for name in TAKEN),
    ],
)
def test_a_name_that_no_follower_of_a_host_can_have_is_refused(
    crm: Crm, named: dict[str, Any], wrong: type[Exception], told: str
) -> None:
    with pytest.raises(wrong, match=told):
        crm.positions.kept(**named)
    with pytest.raises(wrong, match=told):
        crm.positions.keep(**named, position=1)
    with pytest.raises(wrong, match=told):
        crm.positions.forget(**named)


@pytest.mark.parametrize(
    ("at", "wrong", "told"),
    [
        ({"position": -1}, ValueError, "position must be one of the log, 0 or more, not -1"),
        ({"position": 2**63}, ValueError, "position must be one of the log"),
        ({"position": "1"}, TypeError, "position must be int, not str"),
        ({"position": True}, TypeError, "position must be int, not bool"),
    ],
)
def test_a_position_that_is_none_is_refused(
    crm: Crm, at: dict[str, Any], wrong: type[Exception], told: str
) -> None:
    with pytest.raises(wrong, match=told):
        crm.positions.keep("billing", **at)

    assert crm.positions.kept("billing") == 0
