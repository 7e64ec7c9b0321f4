from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.codec import STORED, Codec, NotStoredSo, encode
from regulars.adapters.older_events import UPCASTERS as OURS
from regulars.adapters.upcasting import Astray, BrokenChain, Chain, Stored, Upcaster
from regulars.application.events import Retired
from regulars.domain.order import OrderAccepted, OrderDelivered, OrderReady
from regulars.domain.purchase import OrderPlaced
from regulars.domain.values import CustomerId, OrderId
from tests.adapters.older_events import LONG_LIVED, UPCASTERS

PRESENT: list[Stored] = [("OrderPlaced", 3), ("OrderReady", 1)]


def step(of: Stored, *into: Stored) -> Upcaster:
    return Upcaster(of=of, into=into, turn=lambda payload: [(*one, payload) for one in into])


def placed(version: int, *into: Stored) -> Upcaster:
    return step(("OrderPlaced", version), *into or (("OrderPlaced", version + 1),))


def turned(chain: Chain, name: str, version: int) -> list[Stored]:
    return [(name, schema) for name, schema, _ in chain.run((name, version), {})]


def faults(*upcasters: Upcaster) -> tuple[str, ...]:
    with pytest.raises(BrokenChain) as broken:
        Chain(PRESENT, upcasters)
    assert all(fault in str(broken.value) for fault in broken.value.faults)
    return broken.value.faults


def test_an_older_version_goes_through_every_version_after_it() -> None:
    chain = Chain(PRESENT, [placed(1), placed(2)])

    assert turned(chain, "OrderPlaced", 1) == [("OrderPlaced", 3)]
    assert turned(chain, "OrderPlaced", 2) == [("OrderPlaced", 3)]
    assert chain.older == {
        ("OrderPlaced", 1): (("OrderPlaced", 2),),
        ("OrderPlaced", 2): (("OrderPlaced", 3),),
    }


def test_an_event_is_renamed_parted_or_retired_on_its_way() -> None:
    chain = Chain(
        PRESENT,
        [
            placed(1),
            placed(2, ("OrderPlaced", 3), ("OrderServed", 1), ("OrderPlaced", 3)),
            step(("OrderTaken", 1), ("OrderPlaced", 1)),
            step(("OrderServed", 1), ("OrderReady", 1), ("OrderNoted", 1)),
            step(("OrderNoted", 1)),
        ],
    )

    whole = [("OrderPlaced", 3), ("OrderReady", 1), ("OrderPlaced", 3)]
    assert turned(chain, "OrderTaken", 1) == whole
    assert turned(chain, "OrderServed", 1) == [("OrderReady", 1)]
    assert turned(chain, "OrderNoted", 1) == []
    assert chain.origins(("OrderReady", 1)) == {
        ("OrderReady", 1),
        ("OrderServed", 1),
        ("OrderPlaced", 2),
        ("OrderPlaced", 1),
        ("OrderTaken", 1),
    }


def test_a_version_below_the_current_one_that_has_no_upcaster_is_named() -> None:
    assert faults() == (
        "OrderPlaced 1 is older than OrderPlaced 3 and has no upcaster",
        "OrderPlaced 2 is older than OrderPlaced 3 and has no upcaster",
    )
    assert faults(placed(2)) == ("OrderPlaced 1 is older than OrderPlaced 3 and has no upcaster",)


def test_a_version_left_out_of_a_name_that_is_no_longer_used_is_named() -> None:
    renamed = step(("OrderTaken", 2), ("OrderReady", 1))

    assert faults(placed(1), placed(2), renamed) == (
        "OrderTaken 1 is older than OrderTaken 2 and has no upcaster",
    )


def test_one_name_has_one_current_version() -> None:
    with pytest.raises(BrokenChain, match="OrderReady 1 is older than OrderReady 2"):
        Chain([("OrderReady", 1), ("OrderReady", 2)])


def test_an_upcaster_that_leads_to_nothing_known_is_named() -> None:
    astray = step(("OrderTaken", 1), ("OrderReady", 1), ("OrderReddy", 1))

    assert faults(placed(1), placed(2), astray) == (
        "OrderTaken 1 leads to OrderReddy 1, which nothing reads",
    )


def test_an_upcaster_from_a_current_version_is_named() -> None:
    away = step(("OrderReady", 1), ("OrderPlaced", 3))

    assert faults(placed(1), placed(2), away) == ("OrderReady 1 is current and has an upcaster",)


def test_a_second_upcaster_of_the_same_version_is_named() -> None:
    assert faults(placed(1), placed(2), placed(2)) == ("OrderPlaced 2 has two upcasters",)


def test_a_circle_of_upcasters_is_named() -> None:
    there, back = step(("A", 1), ("B", 1)), step(("B", 1), ("OrderReady", 1), ("A", 1))

    (fault,) = faults(placed(1), placed(2), there, back)

    assert fault in {
        "upcasters lead in a circle: A 1 -> B 1 -> A 1",
        "upcasters lead in a circle: B 1 -> A 1 -> B 1",
    }
    assert faults(placed(1), placed(2), step(("A", 1), ("A", 1))) == (
        "upcasters lead in a circle: A 1 -> A 1",
    )


def test_every_fault_is_named_at_once() -> None:
    assert len(faults(placed(2, ("B", 1)), placed(3), step(("A", 1), ("A", 1)))) == 5


def test_an_upcaster_gives_only_what_it_announces() -> None:
    liar = Upcaster(
        of=("OrderTaken", 1),
        into=(("OrderReady", 1),),
        turn=lambda payload: [("OrderPlaced", 3, payload)],
    )
    chain = Chain(PRESENT, [placed(1), placed(2), liar])

    with pytest.raises(Astray):
        turned(chain, "OrderTaken", 1)


@given(data=st.data())
def test_whatever_leads_forward_ends_at_current_versions_by_the_paths_announced(
    data: st.DataObject,
) -> None:
    ends = [("End", 1), ("Other", 1)]
    upcasters: list[Upcaster] = []
    for number in range(data.draw(st.integers(0, 6))):
        known = [*ends, *(one.of for one in upcasters)]
        into = data.draw(st.lists(st.sampled_from(known), max_size=3))
        upcasters.append(step((f"Older{number}", 1), *into))

    def ways(stored: Stored) -> list[Stored]:
        if stored in ends:
            return [stored]
        (upcaster,) = (one for one in upcasters if one.of == stored)
        return [end for into in upcaster.into for end in ways(into)]

    chain = Chain(ends, data.draw(st.permutations(upcasters)))

    for upcaster in upcasters:
        assert turned(chain, *upcaster.of) == ways(upcaster.of)
    for end in ends:
        assert chain.origins(end) - {end} == {one.of for one in upcasters if end in ways(one.of)}


def decoded(name: str, version: int, **payload: Any) -> list[Any]:  # noqa: ANN401 - as JSON has it
    return list(LONG_LIVED.decode(name, version, msgspec.json.encode(payload)))


def test_an_older_body_is_read_as_the_events_it_has_become() -> None:
    order, anna = OrderId("o-1"), CustomerId("anna")
    told = {"order": "o-1", "currency": "CNY", "total": 100, "placed_at": "2026-01-01T12:00:00Z"}

    assert decoded("OrderTaken", 1, id="o-1", amount=100, buyer="anna") == [
        OrderPlaced(order=order, currency="CNY", total=100, customer=anna)
    ]
    ready, delivered = decoded("OrderServed", 1, **told)
    assert ready == OrderReady(order=order)
    assert isinstance(delivered, OrderDelivered)
    assert encode(delivered.placed_at) == b'"2026-01-01T12:00:00Z"'
    assert decoded("OrderNoted", 1, note="!") == [Retired()]


def test_a_new_version_reads_what_the_one_before_it_wrote() -> None:
    earlier = Codec(STORED, OURS)
    later = Codec(
        {**STORED, OrderAccepted: ("OrderAccepted", 2)},
        [*OURS, step(("OrderAccepted", 1), ("OrderAccepted", 2))],
    )
    event = OrderAccepted(order=OrderId("o-1"), late_entry=True)

    name, version, body = earlier.encode(event)

    assert later.decode(name, version, body) == [event]
    assert later.encode(event) == (name, version + 1, body)
    with pytest.raises(NotStoredSo):
        earlier.decode(*later.encode(event))


@pytest.mark.parametrize(
    ("name", "version", "body"),
    [
        ("OrderTaken", 3, b'{"id":"secret","amount":1,"buyer":"secret"}'),
        ("OrderTaken", 1, b'{"id":"secret"}'),
        ("OrderTaken", 1, b'{"id":"secret","amount":"secret","buyer":null}'),
        ("OrderTaken", 1, b'["secret"]'),
        ("OrderTaken", 1, b'"secret'),
        ("CustomerSignedUp", 1, b'{"customer":"secret","contact":null,"purposes":7}'),
        ("CustomerSignedUp", 1, b'{"customer":"secret","contact":"secret!","purposes":[]}'),
    ],
)
def test_what_no_upcaster_was_made_for_is_refused_without_a_word_of_its_content(
    name: str, version: int, body: bytes
) -> None:
    with pytest.raises(NotStoredSo) as refused:
        LONG_LIVED.decode(name, version, body)

    assert str(refused.value) == ""
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_the_names_of_a_class_are_those_of_everything_that_became_it() -> None:
    assert LONG_LIVED.names([OrderPlaced]) == {"OrderPlaced", "OrderTaken"}
    assert LONG_LIVED.names([OrderReady, OrderDelivered]) == {
        "OrderReady",
        "OrderDelivered",
        "OrderServed",
    }
    assert LONG_LIVED.names([]) == frozenset()


def test_a_chain_that_is_broken_keeps_a_codec_from_being_made() -> None:
    with pytest.raises(BrokenChain):
        Codec(STORED, UPCASTERS[1:])
