"""Where in a TOML text a value stands: `tomllib` does not tell."""

import tomllib
from typing import Any

from regulars.domain.rule_flaws import Place


def line_of(text: str, place: Place) -> int:
    """
    The line, from 1 on, on which the value at `place` begins; of what lacks it if there is none.

    Reads ever more lines of a text that `tomllib` accepts until the value is there, so that no
    grammar is needed here. Quadratic in the lines: for a person's file, and only when it is wrong.
    """
    whole = tomllib.loads(text)
    while not _holds(whole, place):
        place = place[:-1]
    if not place:
        return 1
    lines = text.split("\n")
    begun = 1
    for count in range(1, len(lines)):
        try:
            found = tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue  # within a value of several lines
        if _holds(found, place):
            return begun
        begun = count + 1
    return begun


def _holds(found: Any, place: Place) -> bool:  # noqa: ANN401 - as TOML has it
    for step in place:
        try:
            found = found[step]
        except (LookupError, TypeError):
            return False
    return True
