from time import monotonic_ns

from regulars.application.subscription import Page, Subscription
from regulars.application.tail import Tail


class Bell:
    """Rings whenever it is waited for, and tells how often the log had been read by then."""

    def __init__(self, log: "Letters") -> None:
        self.log = log
        self.rang_after: list[int] = []

    def wait(self, seconds: float | None = None) -> int:
        del seconds
        self.rang_after.append(self.log.reads)
        return monotonic_ns()

    def close(self) -> None:
        pass


class Letters:
    """A log of letters, that counts how often it is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.reads = 0

    def read(self, start: int) -> Page[str]:
        self.reads += 1
        found = [*enumerate(self.text, 1)][start : start + 3]
        upto = found[-1][0] if found else start
        return Page(found, upto, ended=upto >= len(self.text))


def test_a_page_is_read_once_for_all_who_stand_in_it() -> None:
    log = Letters("abcde")
    tail = Tail(log.read)
    since = monotonic_ns()

    assert tail.past(0, since=since) == ([(1, "a"), (2, "b"), (3, "c")], 3, False)
    assert tail.past(0, since=since) == ([(1, "a"), (2, "b"), (3, "c")], 3, False)
    assert tail.past(2, since=since) == ([(3, "c")], 3, False)
    assert log.reads == 1
    assert tail.past(3, since=since) == ([(4, "d"), (5, "e")], 5, True)
    assert tail.past(1, since=since) == ([(2, "b"), (3, "c"), (4, "d")], 4, False)


def test_that_nothing_comes_after_it_is_looked_up_once_for_all_who_were_woken_before() -> None:
    log = Letters("abc")
    tail = Tail(log.read)
    since = monotonic_ns()

    assert [tail.past(0, since=since).ended for _ in range(9)] == [True] * 9
    assert [tail.past(3, since=since) for _ in range(9)] == [((), 3, True)] * 9
    assert log.reads == 1


def test_a_page_that_was_the_last_is_not_so_for_who_was_woken_since() -> None:
    log = Letters("abc")
    tail = Tail(log.read)
    tail.past(0, since=0)

    assert tail.past(0, since=0).ended
    assert not tail.past(0, since=monotonic_ns()).ended


def test_who_has_come_to_the_end_waits_before_he_looks_again() -> None:
    log = Letters("abc")
    bell = Bell(log)
    following = Subscription(log.read, bell)

    assert following.page(9) == ["a", "b", "c"]
    log.text += "d"
    assert following.page(9) == ["d"]
    log.text += "e"
    assert next(following) == "e"
    assert bell.rang_after == [1, 2]
    assert log.reads == 3


def test_who_has_not_come_to_the_end_reads_on_without_waiting() -> None:
    log = Letters("abcdefg")
    bell = Bell(log)
    following = Subscription(log.read, bell)

    assert [following.page(9) for _ in range(3)] == [[*"abc"], [*"def"], ["g"]]
    assert bell.rang_after == []


def test_who_was_woken_later_looks_for_himself() -> None:
    log = Letters("abc")
    tail = Tail(log.read)
    tail.past(0, since=0)
    tail.past(3, since=0)
    log.text += "d"

    assert tail.past(3, since=0) == ((), 3, True)
    assert tail.past(3, since=monotonic_ns()) == ([(4, "d")], 4, True)


def test_who_begins_past_the_end_waits_there_and_keeps_nobody_from_reading() -> None:
    log = Letters("abc")
    tail = Tail(log.read)

    assert tail.past(9, since=0) == ([], 9, True)
    assert tail.past(0, since=0).upto == 3
    assert tail.past(9, since=0) == ([], 9, True)
    assert tail.past(0, since=0).upto == 3
    assert log.reads == 3
