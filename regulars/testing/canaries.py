"""
Canaries: values that occur nowhere else, and a search for them in whatever a program leaves.

A canary is searched for by its words, so that neither a changed order nor a cut in the middle
hides it, in every case and in every encoding that a program, a database or a log may put a text
in. Plant the values, work, and look at every file, every table and every output.
"""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from hashlib import new, sha256
from json import dumps
from pathlib import Path
from string import ascii_letters, digits, printable
from typing import Final
from unicodedata import normalize
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from ahocorasick_rs import BytesAhoCorasick
from attrs import field, frozen
from sqlalchemy import Connection, MetaData, create_engine, select

_SHORTEST: Final = 6
"""Letters of the shortest word that is searched for: shorter ones occur by chance."""

_DIGITS: Final = 8
"""Digits of a number that are searched for: fewer occur by chance."""

_HASH: Final = 8
"""Bytes of a hash that are searched for: many are cut."""

_LONG: Final = 4_096
_LAST_GROUPS: Final = re.compile(r"[0-9]{3,}[^0-9][0-9]{3,}$")
_WORD: Final = re.compile(r"\w+")


@frozen
class Find:
    """A canary that was found: its name, the encoding it was in, and where."""

    canary: str
    encoding: str
    place: str


@frozen
class Canaries:
    """
    Values by name, each with a word of six letters, or eight digits, that is nowhere else.

    A word that several of them share is told as the first one's.
    """

    values: Mapping[str, str] = field(repr=False)
    _clean: set[bytes] = field(factory=set[bytes], init=False, repr=False, eq=False)
    """Digests of long contents that were searched in vain: files are looked at again and again."""

    @cached_property
    def _needles(self) -> tuple[list[tuple[str, str]], BytesAhoCorasick]:
        """What is searched for, by its number: the canary and the encoding; and the search."""
        needles: dict[bytes, tuple[str, str]] = {}
        for name, value in self.values.items():
            for word in _words(value):
                for encoding, needle in encoded(word):
                    # What several spell alike is told by the first, the plainest one.
                    needles.setdefault(needle, (name, encoding))
            for encoding, needle in hashed(value):
                needles.setdefault(needle, (name, encoding))
        return list(needles.values()), BytesAhoCorasick(list(needles))

    def in_bytes(self, content: bytes, place: str) -> list[Find]:
        """Those that these bytes hold."""
        digest = sha256(content).digest() if len(content) > _LONG else b""
        if digest in self._clean:
            return []
        told, search = self._needles
        found = {told[at] for at, _, _ in search.find_matches_as_indexes(content, overlapping=True)}
        if digest and not found:
            self._clean.add(digest)
        return [Find(*one, place) for one in sorted(found)]

    def in_text(self, text: str, place: str) -> list[Find]:
        """Those that this text holds."""
        return self.in_bytes(text.encode(errors="surrogatepass"), place)

    def in_folder(self, folder: Path, *, apart: Iterable[Path] = ()) -> list[Find]:
        """Those in names and contents of all files in a folder, but for those `apart`."""
        left_out = set(apart)
        return [
            find
            for path in sorted(folder.rglob("*"))
            if left_out.isdisjoint({path, *path.parents})
            for find in self._in_file(path)
        ]

    def _in_file(self, path: Path) -> Iterator[Find]:
        yield from self.in_text(path.name, f"the name of {path}")
        try:
            content = path.read_bytes() if path.is_file() else b""
        except FileNotFoundError:  # a temporary file that went meanwhile
            return
        yield from self.in_bytes(content, str(path))

    def in_database(self, url: str) -> list[Find]:
        """
        Those in the cells of all tables of a database, under a SQLAlchemy URL.

        The files of a database alone do not tell: a long cell is scattered over pages.
        """
        engine = create_engine(url)
        try:
            with engine.connect() as connection:
                return self.in_tables(connection)
        finally:
            engine.dispose()

    def in_tables(self, connection: Connection) -> list[Find]:
        """Those in the cells of all tables that a connection finds where it stands."""
        tables = MetaData()
        tables.reflect(connection)
        return [
            find
            for name, table in sorted(tables.tables.items())
            for find in self.in_bytes(_cells(connection.execute(select(table))), f"table {name}")
        ]

    def in_nameless_files(self) -> list[Find]:
        """Those in files that this process holds open and that have no name any more (Linux)."""
        return [
            find
            for place, content in nameless_files().items()
            for find in self.in_bytes(content, place)
        ]


def _cells(rows: Iterable[Iterable[object]]) -> bytes:
    cells = (cell for row in rows for cell in row)
    return b"\0".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)


def nameless_files() -> dict[str, bytes]:
    """The files that this process holds open and that have no name any more; Linux tells them."""
    found: dict[str, bytes] = {}
    opened = Path("/proc/self/fd")
    for link in opened.iterdir() if opened.is_dir() else ():
        try:
            name = str(link.readlink())
            if name.endswith(" (deleted)"):
                found[name] = link.read_bytes()
        except OSError:  # the listing itself, and whatever is no file
            continue
    return found


def _words(value: str) -> list[str]:
    """What is searched for: the long words; of a number in groups its last digits, in any way."""
    words = [word for word in _WORD.findall(value) if len(word) >= _SHORTEST]
    digits = "".join(filter(str.isdigit, value))
    if not words and len(digits) >= _DIGITS:
        words = [digits[-_DIGITS:], value.lstrip("+"), *_LAST_GROUPS.findall(value)]
    if not words:
        raise ValueError("a canary needs a word of six letters, or eight digits")
    return words


def encoded(word: str) -> Iterator[tuple[str, bytes]]:
    """The word in every encoding that is searched for, by the encoding's name."""
    for cased in {word, word.lower(), word.upper(), word.title(), word.casefold()}:
        for form in dict.fromkeys((cased, normalize("NFC", cased), normalize("NFD", cased))):
            yield from _spelled(form)


def _spelled(word: str) -> Iterator[tuple[str, bytes]]:
    for charset in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "latin-1"):
        try:
            raw = word.encode(charset)
        except UnicodeEncodeError:
            continue
        yield charset, raw
        yield f"hex of {charset}", raw.hex().encode()
        yield f"upper hex of {charset}", raw.hex().upper().encode()
        yield from _in_base64(charset, raw)
    for name, spelling in _SPELLINGS.items():
        yield name, spelling(word).encode()
        if name in _WRAPPED:
            yield from _in_base64(name, spelling(word).encode())


def _in_base64(name: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    for alignment in range(3):
        yield f"base64 of {name}", _inside(b64encode, raw, alignment)
        yield f"url-safe base64 of {name}", _inside(urlsafe_b64encode, raw, alignment)


def hashed(value: str) -> Iterator[tuple[str, bytes]]:
    """The beginnings of plain hashes of a value: whoever can list the values can undo them."""
    digits = "".join(filter(str.isdigit, value))
    for text in {value, value.lower(), value.upper(), digits} - {""}:
        for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s"):
            digest = new(name, text.encode(), usedforsecurity=False).digest()[:_HASH]
            yield name, digest
            yield f"hex of {name}", digest.hex().encode()
            yield f"upper hex of {name}", digest.hex().upper().encode()
            yield f"base64 of {name}", b64encode(digest)[: _HASH * 8 // 6]


def _inside(encode: Callable[[bytes], bytes], raw: bytes, alignment: int) -> bytes:
    """The part of the base64 of `raw`, that many bytes after a group, that no neighbour changes."""
    before = -(-alignment * 8 // 6)
    after = (len(raw) + alignment) * 8 // 6
    return encode(bytes(alignment) + raw)[before:after]


def _quoted_printable(word: str, *, safe: str) -> str:
    return "".join(
        letter if letter in safe and letter != "=" else "".join(f"={one:02X}" for one in raw)
        for letter in word
        for raw in (letter.encode(),)
    )


_WRAPPED: Final = frozenset({"JSON escapes", "upper JSON escapes"})
"""Spellings that are put in base64 as a whole, as the payload of a token is."""

_SPELLINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "JSON escapes": lambda word: dumps(word)[1:-1],
    "upper JSON escapes": lambda word: re.sub(
        r"\\u[0-9a-f]{4}", lambda escaped: "\\u" + escaped[0][2:].upper(), dumps(word)[1:-1]
    ),
    "Python escapes": lambda word: ascii(word)[1:-1],
    "escaped bytes": lambda word: repr(word.encode())[2:-1],
    "percent encoding": quote,
    "form encoding": quote_plus,
    "lower percent encoding": lambda word: re.sub(
        "%..", lambda escaped: escaped[0].lower(), quote(word)
    ),
    "full percent encoding": lambda word: "".join(f"%{byte:02X}" for byte in word.encode()),
    "quoted-printable": lambda word: _quoted_printable(word, safe=printable),
    "header encoding": lambda word: _quoted_printable(word, safe=ascii_letters + digits).replace(
        "=20", "_"
    ),
    "numeric entities": lambda word: word.encode("ascii", "xmlcharrefreplace").decode(),
    "entities": escape,
}
