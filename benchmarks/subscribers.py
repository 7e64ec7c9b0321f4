"""`subscribers`: a command at a time while a hundred follow the log, against nobody following."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from threading import Thread
from time import perf_counter, sleep
from typing import Final

import regulars
from benchmarks.databases import durability, new_url
from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from benchmarks.orders import CUSTOMERS, lives
from regulars import Crm, Recorded, Subscription
from regulars.application.door import Request

_TURNS: Final = 3
_SETTLED: Final = 0.1
_WAIT: Final = 0.002
_PATIENCE: Final = 10


class _Follower:
    """Takes page after page of everything that comes, in a thread of its own."""

    def __init__(self, following: Subscription[Recorded]) -> None:
        self.following = following
        self._ended = False
        self._thread = Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        while not self._ended:
            self.following.page(_PATIENCE)

    def end(self) -> None:
        self._ended = True
        self.following.stop()
        self._thread.join()


@contextmanager
def _followers(crm: Crm, number: int, *, after: int) -> Generator[list[_Follower]]:
    with ExitStack() as ending:
        followers = [_Follower(crm.subscribe(after=after)) for _ in range(number)]
        for one in followers:
            ending.callback(one.end)
        sleep(_SETTLED)
        yield followers


def _run(settings: Settings, folder: Path) -> Result:
    orders, followers = (5, 10) if settings.quick else (100, 100)
    numbers = count(CUSTOMERS, orders)
    behind: list[float] = []
    with regulars.connect(
        new_url(settings, folder), keys=folder / "keys", views="deferred", environment={}
    ) as crm:
        crm.execute_all(
            [
                Request(id=f"before/{number}", commands=(command,), by="host")
                for number, command in enumerate(lives(0, CUSTOMERS))
            ]
        )

        def recorded(number: int) -> tuple[int, float]:
            first, *commands = lives(next(numbers), orders)
            head = crm.execute(first, by="checkout").position
            with _followers(crm, number, after=head) as following:
                with timed() as elapsed:
                    for command in commands:
                        head = crm.execute(command, by="checkout").position
                began = perf_counter()
                while any(one.following.position < head for one in following):
                    sleep(_WAIT)
                behind.append(perf_counter() - began)
            return len(commands), elapsed.seconds

        rates, alone = alternate(
            lambda: recorded(followers), lambda: recorded(0), runs=settings.runs, turns=_TURNS
        )
    return Result(
        unit="commands per second",
        ours=rates,
        reference=alone,
        ours_is=f"Crm.execute, a command at a time, while {followers} threads take every page",
        reference_is="the same in turns, with nobody following",
        sizes={"commands": (orders * 6 - 1) * _TURNS, "followers": followers},
        durability=durability(settings),
        left_out=("what a follower does with an event", "views", "followers in other processes"),
        details={"seconds until all have the last event": median(behind[::2])},
    )


SUBSCRIBERS: Final = Benchmark(
    name="subscribers",
    line="one command a transaction while a hundred follow the log, against nobody following",
    goal=0.9,
    run=_run,
)
