"""JSON from outside that is nested deeper than any reader goes: named as what cannot be read."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from eventsourcing.persistence import StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from regulars.adapters.codec import CODEC, NotStoredSo
from regulars.adapters.database import Database
from regulars.adapters.envelope import padded, value_in
from regulars.adapters.erasure_register import UnusableRegister, read_register
from regulars.adapters.log_lines import Malformed, heading_in, stored_in
from regulars.adapters.recorder_log import RecorderLog
from regulars.adapters.state_codec import STATES
from regulars.adapters.view_store import SqlViews
from regulars.application.aggregates import ACCOUNT
from regulars.application.coupons import OFFERS, OfferEntry
from regulars.application.errors import StorageUnavailable, UndecodableEvent
from regulars.application.ports import Tampered
from regulars.domain.personal import DataClass

DEEP: Final = b'{"a":' * 100_000


@pytest.mark.parametrize(
    ("read", "refusal"),
    [
        (lambda: heading_in(DEEP + b"\n"), Malformed),
        (lambda: stored_in(DEEP + b"\n"), Malformed),
        (lambda: CODEC.decode("OrderAccepted", 1, DEEP), NotStoredSo),
        (lambda: CODEC.decode("OrderPlaced", 1, DEEP), NotStoredSo),
    ],
    ids=["the heading of an export", "a line of an export", "an event", "an older event"],
)
def test_it_is_refused(read: Callable[[], object], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        read()


def test_in_a_box_it_is_tampering() -> None:
    outcome = value_in(padded(DEEP), DataClass.CONTACT)

    assert outcome == Tampered("the content of the box is no value of its data class")


def test_in_a_snapshot_it_is_no_state() -> None:
    assert STATES.decode(ACCOUNT, b"\x81\xa1a" * 100_000) is None


def test_in_a_recorder_it_is_an_event_that_cannot_be_read() -> None:
    recorder = POPOApplicationRecorder()
    state = b'["default","theirs",1,"",0,0,"ada","talk-1",null,null,1,' + DEEP
    recorder.insert_events([StoredEvent("theirs", 1, "Poured", state)])

    with pytest.raises(UndecodableEvent):
        list(RecorderLog(recorder).read())


def test_in_a_view_it_is_no_row_of_it() -> None:
    with closing(Database("sqlite://")) as database:
        views = SqlViews(database, [OFFERS])
        views.save({OFFERS: [OfferEntry("default", "spring")]}, checkpoint=1)
        database.driver.execute("UPDATE view_offers_1 SET terms = ?", (DEEP.decode(),))

        with pytest.raises(StorageUnavailable, match="rebuild it"):
            views.load(OFFERS, [("default", "spring")])


def test_a_register_of_erasures_is_none(tmp_path: Path) -> None:
    file = tmp_path / "register.json"
    file.write_bytes(DEEP)

    with pytest.raises(UnusableRegister, match="is no certificates"):
        read_register(file, tenant="default")
