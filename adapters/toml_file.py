"""A TOML file as a person writes it: what it says, and on which line each part of it stands."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

from attrs import frozen

Place: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a document: `("rule", 1, "role")` is the role of the second rule."""

_LINE: Final = re.compile(r"at line (\d+)")


@frozen(kw_only=True)
class NotToml(Exception):
    """The file cannot be read as TOML: why, and from which line on if that is known."""

    why: str
    line: int | None = None

    def __str__(self) -> str:
        return self.why


@frozen(kw_only=True)
class Written:
    """What a file says, and its text."""

    document: Mapping[str, Any]
    text: str

    def line_of(self, place: Place) -> int:
        """The line on which a value begins, or else the nearest thing that it is in; from 1."""
        lines: dict[Place, int] = {(): 1}
        for known, line in _places(self.text):
            for size in range(1, len(known) + 1):
                lines.setdefault(known[:size], line)
        while place not in lines:
            place = place[:-1]
        return lines[place]


def read_toml(path: Path) -> Written:
    """
    What a file says.

    Raises:
        NotToml: it cannot be read, or is no TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return Written(document=tomllib.loads(text), text=text)
    except OSError as error:
        raise NotToml(why=f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NotToml(why="is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        line = _LINE.search(str(error))
        raise NotToml(
            why=f"is no TOML: {error}", line=None if line is None else int(line[1])
        ) from None


def _places(text: str) -> Iterator[tuple[Place, int]]:
    """The headers and keys of a text that is TOML, with the lines on which they begin."""
    table: Place = ()
    counted = Counter[Place]()
    for first, statement in _statements(text):
        found = tomllib.loads(statement)
        header = statement.lstrip().startswith("[")
        place = tuple(_path(found)) if header else (*table, *_path(found))
        if header and statement.lstrip().startswith("[["):
            place, number = place[:-1], counted[place[:-1]]
            counted[place] += 1
            place = (*place, number)
        if header:
            table = place
        yield place, first


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header, and each key with its value, and its line: the fewest lines that are TOML."""
    statement, first = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        statement += f"{line}\n"
        try:
            found = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        if found:
            yield first, statement
        statement, first = "", number + 1


def _path(found: Mapping[str, Any]) -> Iterator[str | int]:
    """The one key that a statement gives, with the tables and lists around it."""
    for key, value in found.items():
        yield key
        if value == [{}]:
            yield 0
        elif isinstance(value, dict) and len(value) == 1:  # pyright: ignore[reportUnknownArgumentType] - of whatever TOML holds
            yield from _path(cast("Mapping[str, Any]", value))
