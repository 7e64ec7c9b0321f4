import copy
import json
import pickle
from collections.abc import Callable
from datetime import date
from pprint import pformat
from typing import Any, cast, get_args

import attrs
import pytest
from rich.pretty import pretty_repr

from regulars.domain.customer import RegisterCustomer
from regulars.domain.personal import (
    DATA_CLASS,
    Address,
    Contact,
    Content,
    DataClass,
    Identity,
    Payment,
    Personal,
    Profile,
    Sealed,
    sealed,
    sealed_or_none,
)
from regulars.domain.values import CustomerId
from tests.domain.story import NOON

SECRET = "Zhang San"  # noqa: S105 - a name that must not be shown, not a password
BOX = Sealed(b"box")

of_every_kind = pytest.mark.parametrize(
    "value",
    [
        Contact(name=SECRET, phone=SECRET, email=SECRET),
        Address(text=SECRET),
        Profile(birth_date=date(1980, 2, 29), gender=SECRET, occupation=SECRET),
        Payment(card_tail=SECRET, issuer=SECRET),
        Identity(real_name=SECRET, document_number=SECRET),
        Content(text=SECRET, extra=((SECRET, SECRET),)),
    ],
    ids=lambda value: type(value).__name__,
)


@of_every_kind
def test_a_personal_value_never_shows_what_it_holds(value: Personal) -> None:
    shown = f"{value} {value!r} {[value]}"

    assert SECRET not in shown
    assert "1980" not in shown
    assert repr(value) == f"<{type(value).__name__.lower()}>"


def test_a_box_never_shows_what_it_holds() -> None:
    assert "secret" not in f"{Sealed(b'secret')} {Sealed(b'secret')!r}"


def test_boxes_compare_by_their_bytes() -> None:
    assert Sealed(b"box") == BOX
    assert Sealed(b"other") != BOX


def test_a_box_passes_as_it_is() -> None:
    assert sealed(BOX) is BOX
    assert sealed_or_none(BOX) is BOX
    assert sealed_or_none(None) is None


@of_every_kind
def test_plain_personal_data_stops_before_the_domain_and_is_not_repeated(value: Personal) -> None:
    with pytest.raises(TypeError) as stopped:
        sealed(value)
    with pytest.raises(TypeError):
        sealed_or_none(value)

    assert SECRET not in repr(stopped.value)


@of_every_kind
def test_every_kind_of_personal_value_has_a_class_of_its_own(value: Personal) -> None:
    same = [kind for kind in DATA_CLASS if DATA_CLASS[kind] is DATA_CLASS[type(value)]]

    assert same == [type(value)]
    assert DATA_CLASS[type(value)].value == type(value).__name__.lower()


def test_no_kind_of_personal_value_is_forgotten() -> None:
    assert set(DATA_CLASS) == set(get_args(Personal))
    assert set(DATA_CLASS.values()) == set(DataClass)


@of_every_kind
def test_who_prints_field_by_field_shows_nothing(value: Personal) -> None:
    told = RegisterCustomer(customer=CustomerId("anna"), at=NOON, contact=cast("Contact", value))

    for shown in (value, [value], {"it": value}, told):
        assert SECRET not in pretty_repr(shown) + pformat(shown)
    assert not [spec.name for spec in attrs.fields(type(value)) if spec.repr]


ENCODERS: dict[str, Callable[[Any], object]] = {
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "json": json.dumps,
    "default": lambda value: json.dumps(value, default=attrs.asdict),
    "dict": lambda value: json.dumps(attrs.asdict(value)),
    "dict and text": lambda value: json.dumps(attrs.asdict(value), default=str),
    "tuple and text": lambda value: json.dumps(attrs.astuple(value), default=repr),
    "printed dict": lambda value: str(attrs.asdict(value)),
    "printed tuple": lambda value: f"{attrs.astuple(value)}",
    "pickled dict": lambda value: pickle.dumps(attrs.asdict(value)),
    "pickled tuple": lambda value: pickle.dumps(attrs.astuple(value)),
}


@of_every_kind
@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
def test_no_encoder_takes_a_personal_value(
    value: Personal, encode: Callable[[Any], object]
) -> None:
    with pytest.raises((TypeError, ValueError)) as refused:
        encode(value)

    assert SECRET not in f"{refused.value} {refused.value!r}"


@of_every_kind
def test_a_personal_value_is_changed_and_compared_as_any_other(value: Personal) -> None:
    same = attrs.evolve(value)

    assert (same, hash(same)) == (value, hash(value))
