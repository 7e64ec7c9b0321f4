"""One follower while several processes record and are killed: nothing is missed or repeated."""

from collections import defaultdict
from pathlib import Path
from random import Random
from threading import Thread
from time import monotonic, sleep
from typing import Final

import pytest

from regulars import Crm, Recorded, Subscription, connect
from tests.acceptance.till import REGULARS
from tests.forked import Forked
from tests.postgres_server import new_database

PATIENCE: Final = 60
"""Seconds in which a follower must show that it goes on."""
EVENTS_OF_AN_ORDER: Final = 4
EVENTS_OF_THE_PROGRAMME: Final = 2
EVENTS_OF_AN_ACCOUNT: Final = 1
"""That it was opened: by whichever till was first to complete an order of its customer."""


class Tills:
    """Processes that record orders; another of its name goes on for one that is killed."""

    def __init__(self, url: str, keys: Path, *, tills: int, orders: int, at_once: int) -> None:
        self._arguments = (url, str(keys), str(orders), str(at_once))
        self._running: dict[str, Forked] = {}
        for number in range(tills):
            self._start(f"till-{number}")
        self.killed = 0

    def _start(self, name: str) -> None:
        url, keys, orders, at_once = self._arguments
        self._running[name] = Forked("tests.acceptance.till", url, keys, name, orders, at_once)

    def kill_one(self, chance: Random) -> None:
        """Kill one of those at work, if any, in whatever it is doing."""
        at_work = [name for name, till in self._running.items() if till.poll() is None]
        if at_work:
            name = chance.choice(at_work)
            with self._running[name] as till:
                till.kill()
            self.killed += till.wait() < 0
            self._start(name)

    def finish(self) -> list[int]:
        """Their exit codes, once all have recorded all their orders."""
        return [till.wait() for till in self._running.values()]

    def end(self) -> None:
        for till in self._running.values():
            with till:
                till.kill()


class Follower:
    """Keeps what comes of a subscription, in a thread of its own."""

    def __init__(self, following: Subscription[Recorded]) -> None:
        self.taken: list[tuple[int, str, int, bytes]] = []
        self._following = following
        self._thread = Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        self.taken.extend(place(one) for one in self._following)

    def wait_for(self, count: int) -> None:
        """Wait until so many events have come, as long as it goes on."""
        begun, come = monotonic(), len(self.taken)
        while len(self.taken) < count:
            if len(self.taken) > come:
                begun, come = monotonic(), len(self.taken)
            assert monotonic() < begun + PATIENCE, f"stands still after {come} events"
            sleep(0.005)

    def end(self) -> None:
        self._following.stop()
        self._thread.join()


def place(one: Recorded) -> tuple[int, str, int, bytes]:
    return one.position, one.stream, one.version, one.event_id


def assert_in_order(taken: list[tuple[int, str, int, bytes]]) -> None:
    positions = [position for position, *_ in taken]
    assert positions == sorted(set(positions))
    versions = defaultdict[str, list[int]](list)
    for _, stream, version, _ in taken:
        versions[stream].append(version)
    wrong = [name for name, found in versions.items() if found != [*range(1, len(found) + 1)]]
    assert wrong == []


def followed(crm: Crm, tills: Tills, *, events: int, kills: int) -> None:
    """Follow the tills to their end and look at what came."""
    chance = Random(7)  # noqa: S311 - no secret
    moments = sorted(chance.randint(1, events * 9 // 10) for _ in range(kills))
    follower = Follower(crm.subscribe())
    try:
        for moment in moments:
            follower.wait_for(moment)
            tills.kill_one(chance)
        ends = tills.finish()
        last = list(crm.events())[-1].position
        follower.wait_for(events)
        sleep(0.2)  # in which something might come twice
    finally:
        tills.end()
        follower.end()
    assert set(ends) == {0}
    assert tills.killed > kills // 2
    assert follower.taken[-1][0] == last
    assert len(follower.taken) == events
    assert follower.taken == [place(one) for one in crm.events()]
    assert_in_order(follower.taken)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("tills", "orders", "at_once", "kills"),
    [
        (2, 200, 5, 3),
        pytest.param(8, 3_125, 10, 24, marks=[pytest.mark.slow, pytest.mark.timeout(1_500)]),
    ],
)
def test_a_follower_of_killed_processes_misses_nothing_and_takes_nothing_twice(  # noqa: PLR0917 - its numbers
    tmp_path: Path, store: str, tills: int, orders: int, at_once: int, kills: int
) -> None:
    before = EVENTS_OF_THE_PROGRAMME + REGULARS * EVENTS_OF_AN_ACCOUNT
    events = before + tills * orders * EVENTS_OF_AN_ORDER
    url = f"sqlite:///{tmp_path / 'shop.db'}" if store == "sqlite" else new_database()
    keys = tmp_path / "shop.keys"
    with connect(url, keys=keys, views="deferred") as crm:
        at_work = Tills(url, keys, tills=tills, orders=orders, at_once=at_once)
        followed(crm, at_work, events=events, kills=kills)
