"""What is stored of a class: its fields and their types, in words that outlive the code."""

from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from attrs import fields, has

PLAIN = {
    str: "text",
    int: "integer",
    bool: "boolean",
    bytes: "bytes",
    datetime: "time",
    date: "day",
    NoneType: "nothing",
}


def spelled(hint: Any) -> str:  # noqa: ANN401 - a type hint is any object
    if isinstance(hint, NewType):
        return spelled(hint.__supertype__)
    if get_origin(hint) in {Union, UnionType}:
        return " or ".join(map(spelled, get_args(hint)))
    if get_origin(hint) is tuple:
        kinds = get_args(hint)
        if kinds[-1] is Ellipsis:
            return f"list of {spelled(kinds[0])}"
        return f"({', '.join(map(spelled, kinds))})"
    if issubclass(hint, Enum):
        return " or ".join(f'"{member.value}"' for member in hint)
    return PLAIN.get(hint) or str(hint.__name__)


def fields_of(kind: type[Any]) -> dict[str, str]:
    hints = get_type_hints(kind)
    return {spec.name: spelled(hints[spec.name]) for spec in fields(kind)}


def parts_of(kind: type[Any]) -> list[type[Any]]:
    """The classes that the fields of `kind` are made of, at any depth, each once."""
    found: dict[type[Any], None] = {}
    for hint in get_type_hints(kind).values():
        for part in _parts(hint):
            found |= {part: None, **dict.fromkeys(parts_of(part))}
    return list(found)


def _parts(hint: Any) -> Iterator[type[Any]]:  # noqa: ANN401 - as above
    if isinstance(hint, type) and has(hint):
        yield hint
    for argument in get_args(hint):
        yield from _parts(argument)


def signature(kind: type[Any]) -> str:
    """Every field of `kind` and of its parts with its type, a line each."""
    lines = [f"{name}: {words}" for name, words in fields_of(kind).items()]
    for part in parts_of(kind):
        lines += [f"{part.__name__}.{name}: {words}" for name, words in fields_of(part).items()]
    return "".join(f"{line}\n" for line in lines)
