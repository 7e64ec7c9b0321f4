"""The service that docs/testing.md tests with the kit passes, and one that forgets is found out."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from regulars import MarkDelivered, OrderId, PlaceOrder
from regulars.testing import ANNA, CrmMachine

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"

RIGHT = "self._kept.clear()"
FORGETFUL = "pass"


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def shown(script: Path, wanted: str, change: tuple[str, str] = ("", "")) -> Any:  # noqa: ANN401 - whatever the page names
    """What the page names so, in a script of its own, with some of its words changed."""
    (block,) = [one for one in blocks() if wanted in one]
    assert change[0] in block
    script.write_text(block.replace(*change))
    return run_path(str(script))[wanted]


def explored(machine: type[CrmMachine], histories: int) -> None:
    exploring = settings(
        max_examples=histories,
        stateful_step_count=20,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(machine, settings=exploring)


def test_the_service_of_the_page_passes(tmp_path: Path) -> None:
    explored(shown(tmp_path / "shop.py", "BadgeMachine"), histories=3)


def delivered(machine: CrmMachine) -> Iterator[OrderId]:
    """Two orders of 40 dollars, one after the other."""
    for name in ("o-1", "o-2"):
        order, at = OrderId(name), machine.clock.at
        machine.say(PlaceOrder(order=order, at=at, currency="USD", total=40_00, customer=ANNA))
        machine.say(MarkDelivered(order=order, at=at))
        yield order


@pytest.mark.parametrize("change", [("", ""), (RIGHT, FORGETFUL)])
def test_a_service_that_keeps_a_balance_for_good_is_not_right_after_an_order(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    machine = shown(tmp_path / "shop.py", "BadgeMachine", change)()
    with closing(machine.crm):
        points = [machine.badges.shown(ANNA) for _ in delivered(machine)]
    assert points == [40, 40 if change[1] == FORGETFUL else 80]


@pytest.mark.slow  # as many histories as a host would explore
def test_a_service_that_keeps_a_balance_for_good_is_found_out(tmp_path: Path) -> None:
    machine = shown(tmp_path / "shop.py", "BadgeMachine", (RIGHT, FORGETFUL))

    with pytest.raises(AssertionError):
        explored(machine, histories=150)


def test_a_receipt_of_the_page_adds_up(tmp_path: Path) -> None:
    shown(tmp_path / "receipts.py", "test_a_receipt_adds_up")()
