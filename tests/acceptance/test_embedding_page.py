"""The code that docs/embedding.md shows runs, and keeps a host's rows and its orders together."""

import re
from collections.abc import Callable
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from regulars import IdempotencyConflict, OfferId, ProgramId, connect
from regulars.offers import OfferStanding
from regulars.orders import OrderPlaced

PAGE = Path(__file__).parents[2] / "docs" / "embedding.md"


def shown(folder: Path, function: str) -> list[Callable[..., None]]:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    found: list[Callable[..., None]] = []
    for number, block in enumerate(blocks):
        script = folder / f"shown_{number}.py"
        script.write_text(block)
        names: dict[str, Any] = run_path(str(script))
        if function in names:
            found.append(names[function])
    return found


def test_tabs_and_orders_of_the_page_stand_or_fall_together(tmp_path: Path) -> None:
    with_connection, with_session = shown(tmp_path, "seat")
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with connect(url) as crm:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE tabs (tab TEXT)"))

        with_connection(crm, engine, "table 1", "o-1")
        with pytest.raises(IdempotencyConflict):
            with_connection(crm, engine, "table 2", "o-1")
        with Session(engine) as session:
            with_session(crm, session, "table 3", "o-3")
            session.rollback()
            with_session(crm, session, "table 4", "o-4")
            session.commit()

        with engine.connect() as connection:
            assert list(connection.scalars(text("SELECT tab FROM tabs"))) == ["table 1", "table 4"]
        placed = [one.event.order for one in crm.events() if isinstance(one.event, OrderPlaced)]
        engine.dispose()
    assert placed == ["o-1", "o-4"]


def test_what_the_page_imports_from_a_theme_defines_an_offer(tmp_path: Path) -> None:
    (summer,) = shown(tmp_path, "summer")

    with connect("sqlite://") as crm:
        summer(crm)
        standing = crm.ask(OfferStanding(program=ProgramId("default"), offer=OfferId("summer")))

    assert standing.terms.value == 5_00
