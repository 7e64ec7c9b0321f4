from shutil import which
from typing import Any

import attrs
import msgspec
import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.codec import CODEC, STORED, NotStoredSo
from regulars.adapters.upcasting import Stored
from regulars.application.events import Event, Retired
from regulars.domain.order import OrderAccepted
from regulars.domain.values import OrderId
from regulars.testing.example_events import EXAMPLES
from tests.adapters.golden_files import GOLDEN, Golden, edited
from tests.adapters.stored_events import MEANT
from tests.architecture.repository import ROOT

GOLDENS = Golden(meant=MEANT)


def test_what_was_ever_stored_is_read_as_it_was_meant() -> None:
    assert GOLDENS.faults(CODEC) == []


def test_golden_files_are_never_edited() -> None:
    if which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("only a checkout remembers what the golden files were")
    assert edited(GOLDEN) == []


@pytest.mark.parametrize("stored", STORED.values())
def test_what_is_stored_today_has_the_bytes_of_its_golden_file(stored: Stored) -> None:
    body = GOLDENS.body(stored)

    (event,) = CODEC.decode(*stored, body)

    assert not isinstance(event, Retired)
    assert CODEC.encode(event) == (*stored, body)


def test_an_example_fills_every_field() -> None:
    for (name, version), event in EXAMPLES.items():
        empty = [
            spec.name
            for spec in attrs.fields(type(event))
            if getattr(event, spec.name) in {None, spec.default}
        ]
        assert not empty, (name, version)


def test_no_two_classes_are_stored_under_one_name() -> None:
    assert len(set(STORED.values())) == len(STORED)


def test_every_kind_of_event_is_stored() -> None:
    assert STORED.keys() == set(Event.__args__)


@pytest.mark.parametrize("kind", STORED)
def test_an_event_is_a_fact_that_nobody_can_change(kind: type[Event]) -> None:
    event = next(event for event in EXAMPLES.values() if type(event) is kind)
    names = [spec.name for spec in attrs.fields(kind)]

    with pytest.raises(FrozenInstanceError):
        setattr(event, names[0], "other")
    assert not hasattr(event, "__dict__")
    assert all(spec.kw_only for spec in attrs.fields(kind))


@given(data=st.data(), kind=st.sampled_from(list(STORED)))
def test_any_event_comes_back_as_it_was_stored(data: st.DataObject, kind: type[Event]) -> None:
    event: Any = data.draw(st.builds(kind))

    assert list(CODEC.decode(*CODEC.encode(event))) == [event]


@pytest.mark.parametrize(
    ("name", "version", "body"),
    [
        ("Rumour", 1, b"{}"),
        ("OrderAccepted", 2, b'{"order":"secret"}'),
        ("OrderAccepted", 1, b""),
        ("OrderAccepted", 1, b"\xff"),
        ("OrderAccepted", 1, b"[]"),
        ("OrderAccepted", 1, b"{}"),
        ("OrderAccepted", 1, b'{"order":7}'),
        ("OrderAccepted", 1, b'{"order":"secret","late_entry":"secret"}'),
        ("OrderAccepted", 1, b'{"order":"secret"'),
        ("OrderDelivered", 1, b'{"order":"secret","currency":"USD","total":1,"placed_at":"now"}'),
        ("CustomerRegistered", 1, b'{"customer":"ada","contact":{"envelope":"secret!"}}'),
    ],
)
def test_what_is_no_event_is_refused_without_a_word_of_its_content(
    name: str, version: int, body: bytes
) -> None:
    with pytest.raises(NotStoredSo) as refused:
        CODEC.decode(name, version, body)

    assert str(refused.value) == ""
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_field_that_a_later_version_added_does_not_keep_an_event_from_being_read() -> None:
    body = msgspec.json.encode({"order": "1001", "weather": "rain"})

    (event,) = CODEC.decode("OrderAccepted", 1, body)

    assert event == OrderAccepted(order=OrderId("1001"))
