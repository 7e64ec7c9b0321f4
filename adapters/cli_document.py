"""An answer as a JSON document: every field of it under its own name."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any, cast

from attrs import AttrsInstance, fields, has

from regulars.adapters.cli_screen import time_text


def document(answer: object, timezone: tzinfo) -> Any:  # noqa: ANN401 - JSON has no type
    """
    An answer of attrs classes in what JSON has, times on the clocks of `timezone`.

    Exact numbers are text, as 477/25, so that no reader rounds them; amounts are minor units.
    """
    match answer:
        case datetime():
            return time_text(answer, timezone)
        case Fraction():
            return str(answer)
        case IntEnum():
            return answer.name.lower()
        case Enum():
            return answer.value
        case tuple() | list():
            parts = cast("tuple[object, ...]", answer)
            return [document(part, timezone) for part in parts]
        case Mapping():
            named = cast("Mapping[str, object]", answer)
            return {name: document(part, timezone) for name, part in named.items()}
        case _ if has(type(answer)):
            kind = type(cast("AttrsInstance", answer))
            return {one.name: document(getattr(answer, one.name), timezone) for one in fields(kind)}
        case _:
            return answer
