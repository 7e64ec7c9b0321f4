"""A balance as of a past moment is the balance of a log that was cut off there."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random
from shutil import copy
from typing import Any, Final

from regulars import connect
from regulars.application.events import moment
from regulars.domain.loyalty import PointsEarned
from regulars.domain.reversal import PointsReversed
from tests.acceptance.past_orders import write_past_orders
from tests.adapters.cli_shop import Shop

CUSTOMERS: Final = ("c0", "c1")
"""Known before their first order, so that the command line knows them in any log."""


def opened(shop: Shop) -> Shop:
    """A shop with a year of orders of a few customers."""
    write_past_orders(shop.folder / "history", orders=60, customers=4, seed=3)
    shop.run("import", "history", status=1)
    return shop


def postings() -> list[datetime]:
    """When points came and went."""
    with connect("sqlite:///regulars.db", create=False) as crm:
        return [
            moment(recorded.occurred_at)
            for recorded in crm.events()
            if isinstance(recorded.event, PointsEarned | PointsReversed)
            and recorded.event.customer in CUSTOMERS
        ]


def moments() -> Iterator[datetime]:
    """Right before, at and after postings, at any time between, and outside."""
    chance = Random(8)  # noqa: S311 - no secret
    posted = sorted(postings())
    microsecond = timedelta(microseconds=1)
    for at in chance.sample(posted, 3):
        yield from (at - microsecond, at, at + microsecond)
    for _ in range(3):
        yield posted[0] + chance.random() * (posted[-1] - posted[0])
    yield from (posted[0] - microsecond, posted[-1], datetime(2030, 1, 1, tzinfo=UTC))


def cut_off(shop: Shop, at: datetime) -> str:
    """A database whose log ends with what had occurred by then, and whose views are computed."""
    path = shop.folder / "cut.db"
    copy(shop.folder / "regulars.db", path)
    copy(shop.folder / "regulars.db.keys", f"{path}.keys")
    with closing(sqlite3.connect(path)) as database:
        last = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        database.execute("DELETE FROM events WHERE occurred_at > ?", (last,))
        database.commit()
    url = f"sqlite:///{path.name}"
    shop.run("rebuild", "--database", url)
    return url


def held(balance: dict[str, Any]) -> dict[str, Any]:
    """What a balance says but for the moment it was asked for and the places in the log."""
    postings = [
        {name: told for name, told in one.items() if name != "position"}
        for one in balance["postings"]
    ]
    return balance | {"as_of": None, "postings": postings}


def test_the_balance_as_of_any_moment_is_that_of_a_log_that_ends_there(shop: Shop) -> None:
    opened(shop)
    seen: set[tuple[int, int]] = set()

    for at in moments():
        there = cut_off(shop, at)
        for customer in CUSTOMERS:
            then = shop.json("balance", customer, "--as-of", at.isoformat(), "--explain")

            ended = shop.json("balance", customer, "--explain", "--database", there)
            assert held(then) == held(ended)
            assert then["balance"] == sum(one["points"] for one in then["postings"])
            seen.add((then["earned"], then["reversed"]))

    assert len(seen) > 10
    assert any(reversed_ for _, reversed_ in seen)
