"""
The fields of commands: that each is what its type says, and what of it a caller said.

Of questions it is looked at whether they name something and hold text.
"""

import re
from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from types import UnionType
from typing import Any, Final, NamedTuple, Union, cast, get_args, get_origin, get_type_hints

from attrs import fields, has

from regulars.application.errors import InvalidId, InvalidText
from regulars.application.events import Command
from regulars.domain import consents, order, real_name, refund, rights
from regulars.domain.codes import require_code
from regulars.domain.personal import DATA_CLASS
from regulars.domain.values import LONGEST_ID

_IDS: Final = {
    "absorbed",
    "address_id",
    "adjustment",
    "benefit",
    "campaign",
    "card",
    "coupon",
    "courier",
    "customer",
    "erasure",
    "grant",
    "id",
    "item",
    "lot",
    "merchant",
    "number_ref",
    "occasion",
    "offer",
    "order",
    "program",
    "receiver",
    "redemption",
    "referee",
    "referrer",
    "refund",
    "request",
    "reservation",
    "reward",
    "role",
    "rule",
    "survivor",
    "transfer",
    "who",
}
_CODES: Final[dict[type[Command], tuple[str, ...]]] = {
    consents.GrantConsent: ("purpose", "channel", "policy_version", "evidence_ref"),
    real_name.VerifyRealName: ("method", "evidence"),
    rights.AcceptPolicy: ("policy_version",),
    rights.ObjectToProcessing: ("purpose",),
    rights.RestrictProcessing: ("reason",),
    rights.LiftRestriction: ("reason",),
    order.CancelOrder: ("reason",),
    refund.IssueRefund: ("reason",),
}
"""
Fields that stand in clear for ever and hold codes; other commands look at theirs themselves.

What is withdrawn may have been said in words, by an older version.
"""

# No C0 or C1 control, no lone half of a surrogate pair.
_ID: Final = re.compile(rf"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{{1,{LONGEST_ID}}}")
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9998
"""The years that times may lie in."""

_PLAIN: Final = frozenset({str, int, bool, datetime})
_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1
_MODEL: Final = "regulars.domain"


class _Field(NamedTuple):
    """
    One field: the exact types that it may have, and its default (NOTHING if it has none).

    `inside` is what a tuple holds: one class, or the types of the tuples in it.
    """

    name: str
    kinds: frozenset[type[Any]]
    default: object
    is_id: bool
    inside: tuple[type[Any], ...]


class _Plan(NamedTuple):
    """What to check in values of one shape, a class and the types of its fields: by place."""

    names: tuple[str, ...]
    whole: tuple[int, ...]
    ids: tuple[int, ...]
    texts: tuple[int, ...]
    times: tuple[int, ...]
    tuples: tuple[tuple[int, tuple[type[Any], ...]], ...]
    nested: tuple[int, ...]


# By the shapes that were found right, of which there are few.
_SHAPES: Final[dict[tuple[type[Any], ...], _Plan]] = {}


def check_command(command: Command) -> None:
    """
    Refuse a command that could not be read back as it is.

    Raises:
        InvalidId: an id is blank, too long or no text; names the field.
        InvalidText: a text holds a NUL or half a character; names the field.
        NoCode: a field that stands in clear holds more than a code; names the field.
        TypeError: it is no command of the model, or a field is not of its type, which is a bug
            of the caller; names the field, not the value.
        ValueError: a whole number needs more than 64 bits, or a time has no zone or lies outside
            of the years 1900 to 9998.
    """
    if type(command) not in _COMMANDS:
        raise TypeError(f"{type(command).__name__} is no command")
    _check(command)
    for name in _CODES.get(type(command), ()):
        require_code(name, getattr(command, name))


def check_id(name: str, value: str) -> None:
    """
    Refuse an id that is blank, too long or no text.

    Raises:
        InvalidId: names the field.
        TypeError: it is no text at all.
    """
    if type(value) is not str:
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    # What is printable needs no closer look, and is found so in a quarter of the time.
    fine = 0 < len(value) <= LONGEST_ID and value.isprintable()
    if not (fine or _ID.fullmatch(value)) or value.isspace():
        raise InvalidId(field=name)


def check_question(asked: object) -> None:
    """
    Refuse a question that names something under no id, or holds what is no text.

    One of a host's own that is no attrs class is not looked into.

    Raises:
        InvalidId: an id is blank, too long or no text; names the field.
        InvalidText: a text holds a NUL or half a character; names the field.
    """
    kind: type[Any] = type(asked)
    for spec in fields(kind) if has(kind) else ():
        _check_asked(spec.name, getattr(asked, spec.name))


def _check_asked(name: str, value: object) -> None:
    if isinstance(value, tuple):
        for inner in cast("tuple[object, ...]", value):
            _check_asked(name, inner)
    elif not isinstance(value, str):
        check_question(value)
    elif name in _IDS:
        check_id(name, value)
    elif not is_text(value):
        raise InvalidText(field=name)


def said(command: Command) -> object:
    """
    What a caller said with a command: its fields that are not their defaults, by name.

    A field that a later version adds, with a default, changes nothing here.
    """
    return _said(command)


def _check(value: object) -> None:
    kind = type(value)
    values = _VALUES[kind](value)
    shape = (kind, *map(type, values))
    plan = _SHAPES.get(shape)
    if plan is None:
        plan = _SHAPES[shape] = _plan(value, values)
    for place in plan.whole:
        if not _LEAST <= values[place] <= _MOST:
            raise ValueError(f"{_where(value, plan.names[place])} needs more than 64 bits")
    for place in plan.ids:
        check_id(plan.names[place], values[place])
    for place in plan.texts:
        if not (values[place].isprintable() or is_text(values[place])):
            raise InvalidText(field=plan.names[place])
    for place in plan.times:
        _check_time(value, plan.names[place], values[place])
    for place, inside in plan.tuples:
        for inner in values[place]:
            _check_inner(value, plan.names[place], inner, inside)
    for place in plan.nested:
        _check(values[place])


def _plan(value: object, values: tuple[object, ...]) -> _Plan:
    kind = type(value)
    specs = _FIELDS[kind]
    for spec, found in zip(specs, values, strict=True):
        kinds = spec.kinds
        if type(found) not in kinds and not (datetime in kinds and isinstance(found, datetime)):
            expected = " or ".join(sorted(kind.__name__ for kind in kinds))
            where = _where(value, spec.name)
            raise TypeError(f"{where} must be {expected}, not {type(found).__name__}")

    def places(of: type[Any]) -> list[int]:
        return [place for place, found in enumerate(values) if isinstance(found, of)]

    ids = [place for place in places(str) if specs[place].is_id]
    # The door names the fields of personal values in its own way.
    texts = [] if kind in DATA_CLASS else [place for place in places(str) if place not in ids]
    return _Plan(
        names=tuple(spec.name for spec in specs),
        whole=tuple(places(int)),
        ids=tuple(ids),
        texts=tuple(texts),
        times=tuple(places(datetime)),
        tuples=tuple((place, specs[place].inside) for place in places(tuple)),
        nested=tuple(place for place, found in enumerate(values) if type(found) in _FIELDS),
    )


def is_text(value: str) -> bool:
    """Whether every database keeps `value`: it holds no NUL, and no half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def _check_time(value: object, name: str, at: datetime) -> None:
    if at.tzinfo is None:
        raise ValueError(f"{_where(value, name)} needs a time zone")
    # On any clock of the world it is then a date that Python has.
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        years = f"{FIRST_YEAR} to {LAST_YEAR}"
        raise ValueError(f"{_where(value, name)} lies outside of the years {years}")


def _check_inner(value: object, name: str, inner: object, inside: tuple[type[Any], ...]) -> None:
    if len(inside) == 1 and type(inner) is inside[0]:
        if inside[0] in _FIELDS:  # the members of an enumeration are all there are
            _check(inner)
        elif isinstance(inner, datetime):
            _check_time(value, name, inner)
        elif isinstance(inner, str) and not is_text(inner):
            raise InvalidText(field=name)
        return
    parts = cast("tuple[object, ...]", inner) if isinstance(inner, tuple) else ()
    if tuple(map(type, parts)) != inside:
        names = " and ".join(kind.__name__ for kind in inside)
        raise TypeError(f"{_where(value, name)} holds something that is no {names}")


def _where(value: object, name: str) -> str:
    return f"{type(value).__name__}.{name}"


def _said(value: object) -> object:
    kind = type(value)
    if kind in _FIELDS:
        return {
            spec.name: found if type(found) in _PLAIN else _said(found)
            for spec, found in zip(_FIELDS[kind], _VALUES[kind](value), strict=True)
            if found != spec.default
        }
    if isinstance(value, tuple):
        return [_said(inner) for inner in cast("tuple[object, ...]", value)]
    return value


def _kinds(hint: object) -> set[type[Any]]:
    if get_origin(hint) in {Union, UnionType}:
        return set[type[Any]]().union(*map(_kinds, get_args(hint)))
    named: Any = getattr(hint, "__supertype__", hint)
    return {get_origin(named) or named}


def _inside(hint: object) -> tuple[type[Any], ...]:
    if get_origin(hint) is not tuple:
        return ()
    first: Any = get_args(hint)[0]
    return get_args(first) or (getattr(first, "__supertype__", first),)


def _nested(kind: type[Any]) -> set[type[Any]]:
    found = {kind}
    for hint in get_type_hints(kind).values():
        for inner in (hint, *get_args(hint)):
            if isinstance(inner, type) and has(inner) and inner.__module__.startswith(_MODEL):
                found |= _nested(inner)
    return found


def _fields(kind: type[Any]) -> tuple[_Field, ...]:
    hints = get_type_hints(kind)
    specs = (
        _Field(
            name=spec.name,
            kinds=frozenset(_kinds(hints[spec.name])),
            default=spec.default,
            is_id=spec.name in _IDS,
            inside=_inside(hints[spec.name]),
        )
        for spec in fields(kind)
        if spec.init
    )
    return tuple(sorted(specs, key=attrgetter("name")))


def _values(*names: str) -> Callable[[object], tuple[Any, ...]]:
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda value: (get(value),)


_FIELDS: Final[dict[type[Any], tuple[_Field, ...]]] = {
    kind: _fields(kind) for command in get_args(Command) for kind in _nested(command)
}
_COMMANDS: Final = frozenset(get_args(Command))
_VALUES: Final[dict[type[Any], Callable[[object], tuple[Any, ...]]]] = {
    kind: _values(*(spec.name for spec in specs)) for kind, specs in _FIELDS.items()
}
