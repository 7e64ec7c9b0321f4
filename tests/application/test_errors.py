import pytest

from regulars.application.errors import (
    AlreadyRecorded,
    ErasureWaits,
    IdempotencyConflict,
    InvalidId,
    InvalidPersonalData,
    InvalidText,
    NotOurDatabase,
    OlderFormat,
    StaleHistory,
    StorageUnavailable,
    SubjectErased,
    UndecodableEvent,
    UnknownView,
)
from regulars.application.holiday_calendar import NoCalendar
from regulars.application.number_protection import NumbersUnavailable
from regulars.domain.values import Refusal
from tests.domain.story import NOON


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InvalidPersonalData(field="phone", reason="is blank"), ["phone", "is blank"]),
        (InvalidId(field="order"), ["order", "200"]),
        (InvalidText(field="region"), ["region"]),
        (IdempotencyConflict(command_id="r-1"), ["r-1"]),
        (SubjectErased(subject="customer/anna", data_class="contact"), ["anna", "contact"]),
        (
            ErasureWaits(
                subject="customer/anna", data_class="contact", erasure="e-1", requested_at=NOON
            ),
            ["anna", "contact", "e-1", NOON.isoformat()],
        ),
        (StaleHistory(stream="order-7"), ["order-7"]),
        (AlreadyRecorded(), ["id"]),
        (StorageUnavailable(store="shop.db", why="is locked"), ["shop.db", "is locked"]),
        (UndecodableEvent(position=7, type="OrderPlaced", schema=1), ["7", "OrderPlaced", "1"]),
        (NotOurDatabase(store="shop.db", why="is newer"), ["shop.db", "is newer"]),
        (
            OlderFormat(store="shop.db", found=7, needed=9),
            ["shop.db", "7", "9", "regulars log migrate"],
        ),
        (NoCalendar(region="CN", why="is unknown"), ["CN", "is unknown"]),
        (NumbersUnavailable(why="is away"), ["virtual numbers", "is away"]),
        (UnknownView(name="weather", known=("sales", "items")), ["weather", "sales", "items"]),
    ],
)
def test_an_error_says_what_and_where(error: Exception, told: list[str]) -> None:
    for word in told:
        assert word in str(error)


def test_what_a_caller_did_wrong_is_a_refusal_and_what_the_store_did_is_not() -> None:
    refusals = [InvalidPersonalData, InvalidId, InvalidText, IdempotencyConflict, SubjectErased]
    others = [StaleHistory, AlreadyRecorded, StorageUnavailable, UndecodableEvent, UnknownView]

    assert all(issubclass(kind, Refusal) for kind in refusals)
    assert not any(issubclass(kind, Refusal) for kind in others)
