"""Every command, question, event and refusal can be imported, and whatever stands in one."""

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Final, NewType, get_args, get_type_hints

import attrs
import pytest

import regulars
from regulars import (
    Query,
    Question,
    Refusal,
    application,
    campaigns,
    customers,
    domain,
    loyalty,
    offers,
    orders,
    privacy,
    programs,
    reports,
)
from regulars.application.events import Command, Event

DOORS: Final = (
    regulars,
    campaigns,
    customers,
    loyalty,
    offers,
    orders,
    privacy,
    programs,
    reports,
)

SAID_BY_THE_CORE: Final = {
    "AssignVirtualNumber": "Protecting, for an order that was accepted",
    "AuthoriseNewLife": "Erasures",
    "AwardPoints": "a policy, after a delivery or an occasion",
    "ClawBackReferral": "a policy, after a refund",
    "CompleteErasure": "Erasures",
    "ConfirmReservation": "a policy, after an order that points pay for",
    "DecideReferral": "a policy, after a claim",
    "EraseCustomer": "Erasures",
    "EvaluateTier": "a policy, after whatever moves a tier",
    "LimitInactivity": "a policy, before points that end by inactivity",
    "OpenOrderChat": "Protecting, for an order that was accepted",
    "PlaceHold": "Erasures",
    "QualifyReferral": "a policy, after a first order",
    "RaiseCareReminder": "Caring, ahead of an occasion",
    "RecordAccess": "the gate, before a read",
    "RecordExport": "Crm.export_personal_data",
    "RecordRefusal": "the door, of who may not write",
    "RecordsOf": "a profile, of who was merged",
    "ReleaseHold": "Erasures",
    "RestoreCoupon": "a policy, after a cancellation",
    "ReversePoints": "a policy, after a refund",
    "SeparateAccount": "a policy, after a merge is taken back",
}
"""What a host does not say, for the core does: by whom, and when."""


def below(parent: type[Any]) -> Iterator[type[Any]]:
    """The classes of the core under one."""
    for package in (application, domain):
        for found in iter_modules(package.__path__, f"{package.__name__}."):
            for one in vars(import_module(found.name)).values():
                is_class = isinstance(one, type) and one.__module__ == found.name
                if is_class and issubclass(one, parent) and one is not parent:
                    yield one


def spoken() -> list[type[Any]]:
    """Each command, query, question, event and refusal that a host says or hears."""
    every = [*get_args(Command), *get_args(Event)]
    every += [*below(Query), *below(Question), *below(Refusal)]
    return [one for one in every if one.__name__ not in SAID_BY_THE_CORE]


def parts_of(told: object) -> Iterator[object]:
    """The types that stand in one: of its fields, of its answer, of what it is a collection of."""
    yield from get_args(told)
    for generic in getattr(told, "__orig_bases__", ()):
        yield from get_args(generic)
    if isinstance(told, type) and attrs.has(told):
        hints = get_type_hints(told)
        yield from (hints[field.name] for field in attrs.fields(told))


def shut_out(told: Iterable[object], doors: Iterable[ModuleType]) -> set[str]:
    """The names of ours that stand in any of these and that no door has."""
    public = {id(getattr(door, name)) for door in doors for name in door.__all__}
    missing: set[str] = set()
    left = list(told)
    seen: dict[int, object] = {}  # kept, for an id is free again with its object
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen[id(one)] = one
        left.extend(parts_of(one))
        if id(one) not in public and isinstance(one, type | NewType):
            missing.add(f"{one.__module__}.{one.__name__}")
    return {name for name in missing if re.fullmatch(r"regulars\.[\w.]+\.[^_]\w*", name)}


def test_whatever_a_host_says_or_hears_can_be_imported_by_a_theme() -> None:
    assert shut_out(spoken(), DOORS) == set()


def test_what_no_theme_has_is_noticed() -> None:
    doors = [door for door in DOORS if door is not programs]

    assert "regulars.domain.earning_rules.Multiplier" in shut_out(spoken(), doors)


def test_what_the_core_says_to_itself_stands_at_no_door() -> None:
    known = {one.__name__ for one in [*get_args(Command), *below(Query)]}

    assert set(SAID_BY_THE_CORE) <= known
    assert not [name for name in SAID_BY_THE_CORE for door in DOORS if hasattr(door, name)]


@pytest.mark.parametrize("theme", DOORS[1:], ids=lambda door: door.__name__)
def test_a_theme_says_in_a_line_what_it_is_about(theme: ModuleType) -> None:
    assert theme.__doc__
    assert theme.__doc__.count("\n") == 0
