from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from enum import Enum, IntEnum
from itertools import count
from typing import Any, Final, NewType

import attrs
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.codec import CODEC, STORED, Codec
from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.older_events import UPCASTERS as OURS
from regulars.adapters.state_codec import STATES, StateCodec, shape
from regulars.adapters.storage import SqlStorage
from regulars.adapters.upcasting import Upcaster
from regulars.application.aggregates import (
    ACCOUNT,
    ACTOR,
    CAMPAIGN,
    CUSTOMER,
    ERASURE,
    MERCHANT,
    OFFER,
    ORDER,
    PROGRAM,
    REFERRAL,
    SUBJECT_REQUEST,
    Aggregate,
)
from regulars.application.events import Event, microseconds, moment
from regulars.application.ports import Storage
from regulars.application.snapshots import Snapshot
from regulars.application.states import States
from regulars.domain import personal
from regulars.domain.account import Account
from regulars.domain.loyalty import LoyaltyAccountOpened
from regulars.domain.values import OrderId, Refusal
from regulars.testing.pending_events import append, pending
from regulars.testing.snapshots import AGGREGATES, filled
from tests.adapters.older_events import UPCASTERS
from tests.domain import strategies
from tests.domain.examples import ANNA

Told = list[tuple[Event, datetime]]

_streams: Final = count(1)

COMMANDS: dict[Aggregate, st.SearchStrategy[Any]] = {
    CUSTOMER: strategies.customer_commands(),
    MERCHANT: strategies.merchant_commands(),
    ORDER: strategies.order_commands(st.just(OrderId("o-1"))),
    PROGRAM: strategies.program_commands(),
    ACCOUNT: strategies.loyalty_commands(),
    ERASURE: strategies.erasure_commands(st.just(ANNA)),
    ACTOR: strategies.actor_commands(),
    OFFER: strategies.offer_commands(),
    CAMPAIGN: strategies.campaign_commands(),
    REFERRAL: strategies.referral_commands(),
    SUBJECT_REQUEST: strategies.request_commands(),
}


def lived(aggregate: Aggregate) -> st.SearchStrategy[Told]:
    """What one aggregate recorded, whatever it was told."""

    def recorded(commands: list[Any]) -> Told:
        state, told = aggregate.state(), Told()
        for command in commands:
            try:
                events = aggregate.decide(command, state)
            except Refusal:
                continue
            for event in events:
                aggregate.fold(state, event, command.at)
                told.append((event, command.at))
        return told

    return st.lists(COMMANDS[aggregate], max_size=20).map(recorded)


@pytest.fixture(scope="module")
def storages() -> Iterator[tuple[Storage, ...]]:
    """In memory and in SQL, for as many streams as there are examples."""
    with closing(Database("sqlite://")) as database:
        yield MemoryStorage(), SqlStorage(database, ())


@pytest.mark.parametrize("aggregate", COMMANDS, ids=lambda one: one.state.__name__)
@given(data=st.data())
def test_a_snapshot_and_what_came_after_are_the_whole_stream(
    storages: tuple[Storage, ...], data: st.DataObject, aggregate: Aggregate
) -> None:
    told = data.draw(lived(aggregate))
    version = data.draw(st.integers(0, len(told)))
    stream = f"stream {next(_streams)}"
    for storage in storages:
        append(
            storage.log,
            *(
                pending(stream, number, event)._replace(occurred_at=microseconds(at))
                for number, (event, at) in enumerate(told, 1)
            ),
        )
        states = [aggregate.state(), aggregate.state()]
        for number, event, occurred_at in storage.log.facts(stream):
            for state in states[: 2 if number <= version else 1]:
                aggregate.fold(state, event, moment(occurred_at))
        whole, early = states
        kept = evolve(aggregate, snapshot_every=1)
        if version:
            storage.snapshots.keep(stream, kept, Snapshot(version, early))

        for held in loaded(storage, stream, kept):
            assert (held.state, held.version, held.kept) == (whole, len(told), version)


def loaded(storage: Storage, stream: str, aggregate: Aggregate) -> list[Any]:
    """The stream as it is loaded alone, and with others."""
    alone, ahead = (States(storage.log, storage.snapshots) for _ in range(2))
    ahead.load_ahead(dict.fromkeys([stream, "unknown"], aggregate))
    return [alone.load(stream, aggregate), ahead.get(stream)]


@given(st.binary(max_size=60))
def test_of_any_bytes_a_state_or_nothing_is_read(body: bytes) -> None:
    for aggregate in COMMANDS:
        state = STATES.decode(aggregate, body)

        assert state is None or isinstance(state, aggregate.state)


def test_a_body_of_another_type_is_no_state() -> None:
    codec = StateCodec()
    body = codec.encode(attrs.make_class("Odd", {"debt": attrs.field()})("many"))

    assert body is not None
    assert codec.decode(ACCOUNT, body) is None


def test_a_number_that_has_no_bytes_makes_no_body() -> None:
    assert STATES.encode(Account(debt=2**64)) is None


@attrs.define
class Fewer:
    opened: bool = False


class Mood(Enum):
    GOOD = 1


class Weather(IntEnum):
    FAIR = 1


Name = NewType("Name", str)


def holding(kind: Any, name: str = "Holder") -> Aggregate:  # noqa: ANN401 - a type hint is any object
    """An aggregate whose state has one field of this type."""
    state = attrs.make_class(name, {"held": attrs.field(type=kind)})
    state.__annotations__ = {"held": kind}
    return evolve(ACCOUNT, state=state)


def test_the_mark_of_a_fold_stays_while_nothing_changes() -> None:
    marks = {one: STATES.mark(one) for one in COMMANDS}

    assert len(set(marks.values())) == len(marks)
    assert {one: StateCodec().mark(one) for one in COMMANDS} == marks
    assert STATES.mark(evolve(ACCOUNT, snapshot_every=7)) == marks[ACCOUNT]


@pytest.mark.parametrize(
    "changed",
    [
        evolve(ACCOUNT, fold_version=ACCOUNT.fold_version + 1),
        evolve(ACCOUNT, state=Fewer),
        evolve(ACCOUNT, events=ACCOUNT.events[1:]),
    ],
)
def test_the_mark_changes_with_the_fold_its_state_and_its_events(changed: Aggregate) -> None:
    assert STATES.mark(changed) != STATES.mark(ACCOUNT)


def test_the_mark_changes_with_any_part_of_a_state() -> None:
    more = {**{one.name: one.value for one in Mood}, "BAD": 2}
    held: list[Any] = [
        int,
        int | None,
        list[int],
        dict[str, int],
        Mood,
        Enum("Mood", more),
        Weather,
        Name,
        NewType("Name", int),  # another of that name
        list[Fewer],
        tuple[Fewer, ...],
        attrs.make_class("Fewer", {"opened": attrs.field(type=int)}),
    ]

    marks = [STATES.mark(holding(kind)) for kind in held]

    assert len(set(marks)) == len(held)


def test_the_mark_changes_with_a_stored_name_a_schema_version_or_an_upcaster() -> None:
    renamed = {**STORED, LoyaltyAccountOpened: ("AccountOpened", 1)}
    older = Upcaster(
        of=("AccountOpened", 1),
        into=(("LoyaltyAccountOpened", 1),),
        turn=lambda payload: [("LoyaltyAccountOpened", 1, payload)],
    )
    raised = Upcaster(
        of=("LoyaltyAccountOpened", 1),
        into=(("LoyaltyAccountOpened", 2),),
        turn=lambda payload: [("LoyaltyAccountOpened", 2, payload)],
    )
    codecs = [
        CODEC,
        Codec(renamed, OURS),
        Codec(STORED, [*OURS, older]),
        Codec({**STORED, LoyaltyAccountOpened: ("LoyaltyAccountOpened", 2)}, [*OURS, raised]),
    ]

    assert len({StateCodec(one).mark(ACCOUNT) for one in codecs}) == len(codecs)
    assert StateCodec(Codec(STORED, UPCASTERS)).mark(ACCOUNT) == STATES.mark(ACCOUNT)
    assert StateCodec(Codec(STORED, UPCASTERS)).mark(ORDER) != STATES.mark(ORDER)


@pytest.mark.parametrize("aggregate", COMMANDS, ids=lambda one: one.state.__name__)
def test_a_state_has_no_place_for_personal_data_in_clear(aggregate: Aggregate) -> None:
    plain = {kind.__name__ for kind in personal.DATA_CLASS}

    assert not plain & {line.partition(":")[0] for line in shape(aggregate.state)}
    assert "Contact" in {line.partition(":")[0] for line in shape(personal.Contact)}


def test_a_box_in_a_state_stays_the_box_that_it_was() -> None:
    state = filled(ORDER)
    body = STATES.encode(state)
    assert body is not None

    read: Any = STATES.decode(ORDER, body)

    assert read.placed.extra == state.placed.extra
    assert {*AGGREGATES.values()} == {*COMMANDS}
