"""The search for canaries finds what is there: a check that cannot fail is none."""

import hashlib
import sqlite3
import tempfile
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from contextlib import closing
from email.quoprimime import header_encode
from json import dumps
from pathlib import Path
from quopri import encodestring
from unicodedata import normalize
from urllib.parse import quote, quote_plus

import pytest

from regulars.testing.canaries import Canaries

NAME = "Žofie Kanárkovičová"
PHONE = "+420 604 729 183"
CANARIES = Canaries({"name": NAME, "phone": PHONE})

HIDING: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda text: text.encode(),
    "in capitals": lambda text: text.upper().encode(),
    "in small letters": lambda text: text.lower().encode(),
    "UTF-16 as on Windows": lambda text: text.encode("utf-16-le"),
    "UTF-16 as on the wire": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "hex": lambda text: text.encode().hex().encode(),
    "hex in capitals": lambda text: text.encode().hex().upper().encode(),
    "hex of UTF-16": lambda text: text.encode("utf-16-le").hex().encode(),
    "JSON": lambda text: dumps({"value": text}).encode(),
    "JSON in JSON": lambda text: dumps(dumps(text, ensure_ascii=False)).encode(),
    "JSON with escapes in capitals": lambda text: "".join(
        f"\\u{ord(one):04X}" if ord(one) > 127 else one for one in text
    ).encode(),
    "the repr of bytes": lambda text: repr(text.encode()).encode(),
    "ascii": lambda text: ascii(text).encode(),
    "a URL": lambda text: quote(text).encode(),
    "a form": lambda text: quote_plus(text).encode(),
    "a URL with every byte escaped": lambda text: "".join(
        f"%{byte:02X}" for byte in text.encode()
    ).encode(),
    "a URL with small escapes": lambda text: quote(text).lower().encode(),
    "HTML": lambda text: text.encode("ascii", "xmlcharrefreplace"),
    "base64": lambda text: b64encode(f"{text}.".encode()),
    "base64 behind a byte": lambda text: b64encode(f"-{text}.".encode()),
    "base64 behind two bytes": lambda text: b64encode(f"--{text}.".encode()),
    "url-safe base64": lambda text: urlsafe_b64encode(f"{text}ÿ".encode()),
    "url-safe base64 behind a byte": lambda text: urlsafe_b64encode(b"\xff" + text.encode()),
    "url-safe base64 behind two": lambda text: urlsafe_b64encode(b"\xff\xff" + text.encode()),
    "MD5": lambda text: hashlib.md5(text.encode(), usedforsecurity=False).digest(),
    "SHA-1": lambda text: hashlib.sha1(text.encode(), usedforsecurity=False).digest(),
    "SHA-256": lambda text: hashlib.sha256(text.encode()).digest(),
    "BLAKE2b": lambda text: hashlib.blake2b(text.encode()).digest(),
    "a hash as text": lambda text: hashlib.sha256(text.encode()).hexdigest().encode(),
    "a hash in base64, cut": lambda text: b64encode(hashlib.sha256(text.encode()).digest()[:12]),
    "base64 of JSON": lambda text: b64encode(dumps({"value": text}).encode()),
    "url-safe base64 of JSON": lambda text: urlsafe_b64encode(dumps(["", text]).encode()),
    "letters and their accents apart": lambda text: normalize("NFD", text).encode(),
    "small letters and their accents apart": lambda text: normalize("NFD", text.lower()).encode(),
    "JSON of letters and their accents apart": lambda text: dumps(normalize("NFD", text)).encode(),
    "quoted-printable": lambda text: encodestring(text.encode()),
    "quoted-printable in a header": lambda text: header_encode(text.encode()).encode(),
    "base64 of UTF-16": lambda text: b64encode(text.encode("utf-16-le")),
}


@pytest.mark.parametrize("canary", CANARIES.values)
@pytest.mark.parametrize("hiding", HIDING)
def test_a_canary_is_found_however_it_is_hidden(hiding: str, canary: str) -> None:
    content = b"\0noise\xff" + HIDING[hiding](CANARIES.values[canary]) + b"more noise"

    assert {find.canary for find in CANARIES.in_bytes(content, "here")} == {canary}


@pytest.mark.parametrize(
    "part", ["Kanárkovičová", "kanárkovičová, Ž.", "420604729183", "604729183", "604 729 183"]
)
def test_a_part_of_a_canary_is_enough(part: str) -> None:
    assert CANARIES.in_text(f"Dear {part}!", "a letter")


def test_where_there_is_no_canary_none_is_found() -> None:
    noise = bytes(range(256)) * 100 + "Žofie, Kanárek, +420, 604 729".encode()

    assert CANARIES.in_bytes(noise, "here") == []


def test_files_their_names_and_files_without_a_name_are_searched(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_text(NAME, encoding="utf-8")
    (tmp_path / "Kanárkovičová.txt").touch()
    (tmp_path / "apart").mkdir()
    (tmp_path / "apart" / "file").write_text(PHONE, encoding="utf-8")

    assert {find.place for find in CANARIES.in_folder(tmp_path, apart=[tmp_path / "apart"])} == {
        str(tmp_path / "a" / "file"),
        f"the name of {tmp_path / 'Kanárkovičová.txt'}",
    }
    with tempfile.TemporaryFile() as nameless:
        nameless.write(PHONE.encode())
        nameless.flush()
        if Path("/proc/self/fd").is_dir():
            assert [find.canary for find in CANARIES.in_nameless_files()] == ["phone"]


def test_a_cell_that_is_scattered_over_pages_is_searched(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE notes (words TEXT, raw BLOB)")
        words = f"{'x' * 5_000}{NAME}{'x' * 5_000}"
        database.execute("INSERT INTO notes VALUES (?, ?)", (words, PHONE.encode()))
        database.commit()

    assert {find.canary for find in CANARIES.in_database(f"sqlite:///{path}")} == {"name", "phone"}


def test_a_canary_without_a_word_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match="six"):
        Canaries({"name": "Li Na"}).in_text("", "nowhere")
