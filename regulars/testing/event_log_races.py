"""What every `EventLog` promises to those who write at once."""

import sys
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier, BrokenBarrierError
from time import monotonic
from typing import ClassVar, Final

from attrs import define, field

from regulars.application.errors import AlreadyRecorded, StaleHistory
from regulars.testing.event_log_reads import EventLogReads
from regulars.testing.pending_events import NOW, append, new_id, pending, places, positions, run

WRITERS: Final = 4
PATIENCE: Final = 30
"""The seconds after which writers no longer wait for one another."""

BATCH: Final = 8
"""Events of an append, so that one who looks before it locks writes long after it looked."""

_SWITCHING: Final = 1e-6
_FEWEST: Final = 3


class EventLogRaces(EventLogReads):
    """The promises of the `EventLog` port to writers, a test each; `EventLogContract` has all."""

    racing_seconds: ClassVar[float] = 0.25
    """How long each race goes on; three rounds at least, however slow the log is."""

    def test_of_writers_of_one_version_one_is_recorded(self) -> None:
        log = self.open("shop")

        def write(turn: int, _: int) -> bool:
            with suppress(StaleHistory):
                first = turn * BATCH + 1
                append(log, *run("a", *range(first, first + BATCH)))
                return True
            return False

        recorded = self._race(write)
        assert recorded == [1] * len(recorded)
        last = len(recorded) * BATCH
        assert places(log.read()) == [("a", version) for version in range(1, last + 1)]
        assert places(log.stream("a")) == places(log.read())

    def test_writers_of_different_streams_are_all_recorded(self) -> None:
        log = self.open("shop")
        given: list[int] = []

        def write(turn: int, writer: int) -> bool:
            first = turn * BATCH + 1
            given.append(append(log, *run(f"{writer}", *range(first, first + BATCH))))
            return True

        turns = len(self._race(write))
        assert positions(log.read()) == [
            one for last in sorted(given) for one in range(last - BATCH + 1, last + 1)
        ]
        for writer in range(WRITERS):
            versions = [one.version for one in log.stream(f"{writer}")]
            assert versions == list(range(1, turns * BATCH + 1))

    def test_of_writers_of_one_id_one_is_recorded(self) -> None:
        log = self.open("shop")
        ids = [new_id()]

        def write(turn: int, writer: int) -> bool:
            stream = f"{turn}/{writer}"
            known = pending(stream, 1, event_id=ids[turn])
            with suppress(AlreadyRecorded):
                append(log, known, *run(stream, *range(2, BATCH + 1)))
                return True
            return False

        recorded = self._race(write, before=lambda: ids.append(new_id()))
        assert recorded == [1] * len(recorded)
        told = [one.event_id for one in log.read() if one.version == 1]
        assert told == ids[: len(recorded)]

    def test_of_writers_who_depend_on_each_other_one_is_recorded(self) -> None:
        log = self.open("shop")

        def write(turn: int, writer: int) -> bool:
            mine = f"{turn}/{writer}"
            held = {f"{turn}/{other}": 0 for other in range(WRITERS) if other != writer}
            with suppress(StaleHistory):
                log.append(run(mine, *range(1, BATCH + 1)), recorded_at=NOW, held=held)
                return True
            return False

        recorded = self._race(write)
        assert recorded == [1] * len(recorded)
        assert len(list(log.read())) == len(recorded) * BATCH

    def _race(
        self, write: Callable[[int, int], bool], before: Callable[[], object] = int
    ) -> list[int]:
        """How many writers were recorded in each turn, which all of them begin at once."""
        race = _Race(write, before, monotonic() + self.racing_seconds)
        with _switching(), ThreadPoolExecutor(WRITERS) as pool:
            told = list(pool.map(race.run, range(WRITERS)))
        return [sum(turn) for turn in zip(*told, strict=True)]


@define(eq=False)
class _Race:
    """Turns in which every writer writes at once, for as long as there is time."""

    write: Callable[[int, int], bool]
    before: Callable[[], object]
    end: float
    turns: int = 0
    over: bool = False
    start: Barrier = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.start = Barrier(WRITERS, action=self._begin, timeout=PATIENCE)

    def _begin(self) -> None:
        self.over = self.turns >= _FEWEST and monotonic() >= self.end
        self.turns += not self.over
        self.before()

    def run(self, writer: int) -> list[bool]:
        """Take part; whether this writer was recorded, turn by turn."""
        recorded: list[bool] = []
        # Who waits for a writer that failed ends, so that what it failed with is told.
        with suppress(BrokenBarrierError):
            while self.start.wait() >= 0 and not self.over:
                try:
                    recorded.append(self.write(len(recorded), writer))
                except BaseException:
                    self.start.abort()
                    raise
        return recorded


@contextmanager
def _switching() -> Generator[None]:
    """Threads take turns as often as they can: in the gap between a look and a write, too."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCHING)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
