from datetime import datetime
from typing import Any

import pytest

from regulars.adapters.memory import MemoryLog
from regulars.application.errors import AheadOfLog
from regulars.application.subscription import subscribe
from regulars.domain.order import MarkDelivered, OrderDelivered
from tests.application.histories import tell
from tests.application.memory_crm import TENANT, memory_core
from tests.application.shop_week import WEEK


@pytest.mark.parametrize(
    ("words", "wrong", "told"),
    [
        ({"after": -1}, ValueError, "after must be a position of the log, 0 or more, not -1"),
        ({"after": 2**63}, ValueError, "after must be a position"),
        ({"after": "1"}, TypeError, "after must be int, not str"),
        ({"after": True}, TypeError, "after must be int, not bool"),
        ({"prefix": "\ud800"}, ValueError, "prefix holds a NUL or half a character"),
        ({"prefix": "a\0"}, ValueError, "prefix holds a NUL or half a character"),
        ({"prefix": None}, TypeError, "prefix must be str, not NoneType"),
        ({"poll_seconds": "1"}, TypeError, "poll_seconds must be int or float, not str"),
        ({"poll_seconds": 0}, ValueError, "poll_seconds must be a time to wait, more than 0"),
        ({"poll_seconds": -0.5}, ValueError, "poll_seconds must be"),
        ({"poll_seconds": float("inf")}, ValueError, "poll_seconds must be"),
        ({"poll_seconds": float("nan")}, ValueError, "poll_seconds must be"),
        ({"types": OrderDelivered}, TypeError, "a collection of .*, not OrderDelivered"),
        ({"types": "OrderDelivered"}, TypeError, "a collection of .*, not str"),
        ({"types": ["OrderDelivered"]}, TypeError, "types holds str, which is no class"),
        ({"types": {MarkDelivered}}, TypeError, "types holds MarkDelivered, which is no class"),
    ],
)
def test_who_subscribes_with_wrong_words_is_told_which(
    words: dict[str, Any], wrong: type[Exception], told: str
) -> None:
    with pytest.raises(wrong, match=told):
        memory_core().crm.subscribe(**words)


@pytest.mark.parametrize(
    ("words", "wrong", "told"),
    [
        ({"after": "1"}, TypeError, "after must be int, not str"),
        ({"after": -1}, ValueError, "after must be a position of the log, 0 or more, not -1"),
        ({"upto": "3"}, TypeError, "upto must be int, not str"),
        ({"upto": 2**63}, ValueError, "upto must be a position"),
        ({"prefix": 3}, TypeError, "prefix must be str, not int"),
        ({"prefix": "\ud800"}, ValueError, "prefix holds a NUL or half a character"),
        ({"stream": 3}, TypeError, "stream must be str, not int"),
        ({"stream": "a\0"}, ValueError, "stream holds a NUL or half a character"),
        ({"recorded_by": 5}, TypeError, "recorded_by must be datetime, not int"),
        ({"occurred_by": "today"}, TypeError, "occurred_by must be datetime, not str"),
        ({"occurred_by": datetime(2026, 1, 1)}, ValueError, "occurred_by needs a time zone"),  # noqa: DTZ001 - what is refused
        ({"types": {MarkDelivered}}, TypeError, "types holds MarkDelivered, which is no class"),
    ],
)
def test_who_reads_with_wrong_words_is_told_which(
    words: dict[str, Any], wrong: type[Exception], told: str
) -> None:
    with pytest.raises(wrong, match=told):
        memory_core().crm.events(**words)


def test_who_is_past_the_end_of_the_log_is_told() -> None:
    town = tell(memory_core(), WEEK)
    head = town.crm.head()

    with pytest.raises(AheadOfLog, match=f"the position {head + 1} was never given") as told:
        town.crm.subscribe(after=head + 1)

    assert (told.value.position, told.value.head) == (head + 1, head)
    with pytest.raises(AheadOfLog):
        subscribe(town.storage, after=head + 1)
    with town.crm.subscribe(after=head) as following:
        assert not following.page(0)
    assert list(town.crm.events(after=head + 1)) == []


def test_who_follows_a_log_that_loses_its_end_is_told() -> None:
    town = tell(memory_core(), WEEK)
    with town.crm.subscribe(after=town.crm.head()) as following:
        assert not following.page(0)
        storage: Any = town.storage
        storage.log = MemoryLog(tenant=TENANT)

        with pytest.raises(AheadOfLog, match="the log ends at 0"):
            following.page(0)
