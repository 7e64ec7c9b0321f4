from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.codec import STORED, NotStoredSo, decode, encode
from regulars.application.events import Event
from regulars.domain.order import OrderAccepted
from regulars.domain.values import OrderId
from tests.adapters.events_page import PAGE, page
from tests.adapters.stored_events import EXAMPLES
from tests.adapters.stored_fields import signature

GOLDEN = Path(__file__).parent / "stored"


def golden(name: str, version: int, kind: str = "json") -> Path:
    return GOLDEN / f"{name}.{version}.{kind}"


def faults(stored: Mapping[Any, tuple[str, int]]) -> list[str]:
    """What the golden files say against classes that are stored under these names."""
    found: list[str] = []
    for event, (name, version) in stored.items():
        if not golden(name, version).exists():
            found.append(f"{name} {version} has no golden file")
        elif golden(name, version, "fields").read_text(encoding="utf-8") != signature(event):
            found.append(f"{name} {version} has other fields than it was stored with")
    return found


@pytest.mark.parametrize(("name", "version"), EXAMPLES)
def test_what_was_ever_stored_is_read_as_it_was_meant(name: str, version: int) -> None:
    assert decode(name, version, golden(name, version).read_bytes()) == EXAMPLES[name, version]


@pytest.mark.parametrize(("name", "version"), STORED.values())
def test_what_is_stored_today_has_the_bytes_of_its_golden_file(name: str, version: int) -> None:
    stored = golden(name, version).read_bytes()

    assert encode(decode(name, version, stored)) == stored


def test_an_example_fills_every_field() -> None:
    for (name, version), event in EXAMPLES.items():
        empty = [
            spec.name
            for spec in attrs.fields(type(event))
            if getattr(event, spec.name) in {None, spec.default}
        ]
        assert not empty, (name, version)


def test_every_stored_event_has_a_golden_file_that_its_fields_agree_with() -> None:
    assert faults(STORED) == []
    assert STORED.keys() == {type(event) for event in EXAMPLES.values()}


def test_no_golden_file_is_left_without_an_example() -> None:
    kept = {path.name.rsplit(".", maxsplit=1)[0] for path in GOLDEN.iterdir()}

    assert kept == {f"{name}.{version}" for name, version in EXAMPLES}


def test_a_stored_class_that_changed_is_noticed() -> None:
    renamed = attrs.make_class("OrderAccepted", {"order_id": attrs.field(type=str)})
    retyped = attrs.make_class(
        "OrderAccepted", {"order": attrs.field(type=int), "late_entry": attrs.field(type=bool)}
    )
    forgotten = {OrderAccepted: ("OrderAccepted", 2)}

    assert faults({renamed: ("OrderAccepted", 1)})
    assert faults({retyped: ("OrderAccepted", 1)})
    assert faults(forgotten) == ["OrderAccepted 2 has no golden file"]


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
    event = data.draw(st.builds(kind))

    assert decode(*STORED[kind], encode(event)) == event


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
        decode(name, version, body)

    assert str(refused.value) == ""
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_field_that_a_later_version_added_does_not_keep_an_event_from_being_read() -> None:
    body = msgspec.json.encode({"order": "1001", "weather": "rain"})

    assert decode("OrderAccepted", 1, body) == OrderAccepted(order=OrderId("1001"))


def test_the_page_of_events_tells_what_the_code_stores() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
