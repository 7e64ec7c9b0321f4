"""The code that docs/concurrency.md shows, run by an event loop."""

import asyncio
import re
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest

from regulars import IdempotencyConflict, connect
from regulars.domain.purchase import OrderPlaced

PAGE = Path(__file__).parents[2] / "docs" / "concurrency.md"


def test_an_event_loop_places_orders_through_the_code_of_the_page(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    script = tmp_path / "shown.py"
    script.write_text(block)
    shown: dict[str, Any] = run_path(str(script))

    with connect(f"sqlite:///{tmp_path / 'shop.db'}") as crm:
        receipts = asyncio.run(shown["place"](crm, ["o-1", "o-2", "o-3"]))
        with pytest.raises(IdempotencyConflict):
            asyncio.run(shown["place"](crm, ["o-1"]))

        placed = [one.event.order for one in crm.events() if isinstance(one.event, OrderPlaced)]
    assert [one.version for one in receipts] == [1, 1, 1]
    assert placed == ["o-1", "o-2", "o-3"]
