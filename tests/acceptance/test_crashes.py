"""Writers and servers killed in a loop: what has a receipt stays, and nothing is half done."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from threading import Thread
from time import monotonic, sleep

import pytest

from regulars import Recorded, StorageUnavailable, Subscription, connect
from tests.acceptance.cashiers import (
    WHOLE,
    Till,
    acknowledged,
    balances,
    begin,
    due,
    is_sound,
    recorded,
    started,
)
from tests.postgres_server import new_database, start

PATIENCE = 60
ENDLESS = 1_000_000


def assert_kept(till: Till, told: list[str], *, cashiers: int) -> None:
    found = recorded(till)
    assert {order: found[order] for order in told} == dict.fromkeys(told, WHOLE)
    # Each cashier had at most one order under way: it is there in whole steps, or not at all.
    more = [found[order] for order in found.keys() - {*told}]
    assert len(more) <= cashiers
    assert [one for one in more if one not in (WHOLE[:1], WHOLE)] == []
    assert is_sound(till)


@pytest.mark.parametrize(
    "rounds", [2, pytest.param(25, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_cashiers_killed_again_and_again_lose_no_receipt_and_leave_nothing_half_done(
    tmp_path: Path, store: str, rounds: int
) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}" if store == "sqlite" else new_database()
    till = Till(url, tmp_path / "shop.keys")
    chance = Random(4)  # noqa: S311 - no secret
    told: dict[str, list[str]] = {"one": [], "other": []}

    for further in range(1, rounds + 1):
        # Each begins with its first order again: what has a receipt is told and not repeated.
        with ExitStack() as closing:
            both = {name: started(till, name, ENDLESS, closing=closing) for name in told}
            begin(*both.values())
            heard = {name: acknowledged(one, further) for name, one in both.items()}
            sleep(chance.uniform(0, 0.3))
            for one in both.values():
                one.kill()
                sleep(chance.random() / 50)
            for name, one in both.items():
                told[name] = max(told[name], heard[name] + acknowledged(one), key=len)
        assert_kept(till, [*told["one"], *told["other"]], cashiers=2)

    with ExitStack() as closing:
        enough = max(map(len, told.values())) + 1
        last = [started(till, name, enough, closing=closing) for name in told]
        begin(*last)
        orders = [order for one in last for order in acknowledged(one)]
    assert len(told["one"]) + len(told["other"]) > rounds
    assert recorded(till) == dict.fromkeys(orders, WHOLE)
    assert balances(till) == due([*range(enough)] * 2)


class Follower:
    """Keeps what comes of a subscription, also while its store goes and comes back."""

    def __init__(self, following: Subscription[Recorded]) -> None:
        self.taken: list[tuple[int, bytes]] = []
        self._following = following
        self._thread = Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        ended = False
        while not ended:
            with suppress(StorageUnavailable):
                for one in self._following:
                    self.taken.append((one.position, one.event_id))
                ended = True

    def wait_for(self, position: int) -> None:
        end = monotonic() + PATIENCE
        while not self.taken or self.taken[-1][0] < position:
            assert monotonic() < end, f"stands still after {self.taken[-1:]}"
            sleep(0.005)

    def end(self) -> None:
        self._following.stop()
        self._thread.join()


@contextmanager
def following(till: Till) -> Generator[Follower]:
    with connect(till.url, keys=till.keys) as crm:
        follower = Follower(crm.subscribe())
        try:
            yield follower
        finally:
            follower.end()


@pytest.mark.parametrize(
    "crashes", [1, pytest.param(10, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_a_server_that_crashes_takes_back_no_receipt_and_nothing_that_a_follower_was_given(
    tmp_path: Path, crashes: int
) -> None:
    folder = Path(mkdtemp(prefix="pg-"))
    server = start(folder, then_delete=False)
    till = Till(server.url, tmp_path / "shop.keys")
    chance = Random(5)  # noqa: S311 - no secret
    told: list[str] = []
    with following(till) as follower, ExitStack() as closing:
        both = [started(till, name, ENDLESS, closing=closing) for name in ("one", "other")]
        begin(*both)
        for crash in range(crashes):
            for one in both:
                told += acknowledged(one, 3)
            sleep(chance.random() / 10)
            server.crash()
            given = [*follower.taken]
            server = start(folder, then_delete=crash + 1 == crashes)
            with till.open() as crm:
                log = [(one.position, one.event_id) for one in crm.events()]
            assert given
            assert log[: len(given)] == given
        for one in both:
            told += acknowledged(one, 3)
            one.kill()
            told += acknowledged(one)
        assert_kept(till, told, cashiers=2)
        with till.open() as crm:
            log = [(one.position, one.event_id) for one in crm.events()]
        follower.wait_for(log[-1][0])
    assert follower.taken == log
    server.stop()
