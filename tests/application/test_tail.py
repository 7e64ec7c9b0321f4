from time import monotonic_ns

from regulars.application.subscription import Page
from regulars.application.tail import Tail


class Letters:
    """A log of letters, that counts how often it is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.reads = 0

    def read(self, start: int) -> Page[str]:
        self.reads += 1
        found = [*enumerate(self.text, 1)][start : start + 3]
        return Page(found, found[-1][0] if found else start)


def test_a_page_is_read_once_for_all_who_stand_in_it() -> None:
    log = Letters("abcde")
    tail = Tail(log.read)
    since = monotonic_ns()

    assert tail.past(0, since=since) == ([(1, "a"), (2, "b"), (3, "c")], 3)
    assert tail.past(0, since=since) == ([(1, "a"), (2, "b"), (3, "c")], 3)
    assert tail.past(2, since=since) == ([(3, "c")], 3)
    assert log.reads == 1
    assert tail.past(3, since=since) == ([(4, "d"), (5, "e")], 5)
    assert tail.past(1, since=since) == ([(2, "b"), (3, "c"), (4, "d")], 4)


def test_that_nothing_comes_after_it_is_looked_up_once_for_all_who_were_woken_before() -> None:
    log = Letters("abc")
    tail = Tail(log.read)
    since = monotonic_ns()
    tail.past(0, since=since)

    assert [tail.past(3, since=since) for _ in range(9)] == [([], 3)] + [((), 3)] * 8
    assert log.reads == 2


def test_who_was_woken_later_looks_for_himself() -> None:
    log = Letters("abc")
    tail = Tail(log.read)
    tail.past(0, since=0)
    tail.past(3, since=0)
    log.text += "d"

    assert tail.past(3, since=0) == ((), 3)
    assert tail.past(3, since=monotonic_ns()) == ([(4, "d")], 4)


def test_who_begins_past_the_end_waits_there_and_keeps_nobody_from_reading() -> None:
    log = Letters("abc")
    tail = Tail(log.read)

    assert tail.past(9, since=0) == ([], 9)
    assert tail.past(0, since=0).upto == 3
    assert tail.past(9, since=0) == ([], 9)
    assert tail.past(0, since=0).upto == 3
    assert log.reads == 3
