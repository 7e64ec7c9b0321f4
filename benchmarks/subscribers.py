"""`subscribers`: a command at a time while a hundred follow the log, against nobody following."""

from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Final

from benchmarks.files import opened, stores
from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from benchmarks.orders import CUSTOMERS, lives
from regulars import Crm, Recorded, Subscription
from regulars.application.door import Request

_TURNS: Final = 10
_WAIT: Final = 0.002


class _Follower:
    """Takes everything that comes, in a thread of its own, and counts it."""

    def __init__(self, following: Subscription[Recorded]) -> None:
        self.following = following
        self.taken = 0
        self._thread = Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        for _ in self.following:
            self.taken += 1

    def end(self) -> None:
        self.following.stop()
        self._thread.join()


@contextmanager
def _followers(crm: Crm, number: int, *, after: int) -> Generator[list[_Follower]]:
    with ExitStack() as ending:
        followers = [_Follower(crm.subscribe(after=after)) for _ in range(number)]
        for one in followers:
            ending.callback(one.end)
        yield followers


def _run(settings: Settings, folder: Path) -> Result:
    orders, followers = (5, 10) if settings.quick else (50, 100)
    numbers = count(CUSTOMERS, orders)
    with stores(settings, folder) as url, closing(opened_at(url)) as crm:
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
                while any(one.following.position < head for one in following):
                    sleep(_WAIT)
            return len(commands), elapsed.seconds
        rates, alone = alternate(lambda: recorded(followers), lambda: recorded(0), runs=settings.runs, turns=_TURNS)
    return rates, alone
