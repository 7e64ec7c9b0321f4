import base64
import logging
import os
import stat
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from hypothesis import assume, given
from hypothesis import strategies as st

from regulars.adapters.key_ring import (
    KeyRing,
    UnusableKeys,
    create_key_file,
    parse_keys,
    read_key_file,
    unwrapped_under,
    wrapped_under,
)
from regulars.application.keys import KeyName
from regulars.application.ports import KeyUnavailable, Tampered
from regulars.domain.personal import DataClass
from tests.acceptance.cashiers import begin
from tests.adapters.wycheproof import Vector, vectors
from tests.forked import Forked

KEK = bytes(range(32))
RING = KeyRing({"k1": KEK, "k0": bytes(32)}, active="k1")
SECRET = bytes(range(100, 132))
ANNA = KeyName("shop", "anna", DataClass.CONTACT)
KEY = base64.b64encode(KEK).decode()

names = st.builds(KeyName, st.text(), st.text(), st.sampled_from(DataClass))
versions = st.integers(1, 2**32 - 1)


@given(secret=st.binary(min_size=32, max_size=32), name=names, version=versions)
def test_a_wrapped_key_unwraps_where_it_was_wrapped(
    secret: bytes, name: KeyName, version: int
) -> None:
    wrapped = RING.wrap(secret, name, version)

    assert RING.kek_id == "k1"
    assert len(wrapped) == 56
    assert RING.unwrap(wrapped, name, version, kek_id="k1") == secret


@given(name=names, version=versions, other=names, later=versions)
def test_a_wrapped_key_unwraps_nowhere_else(
    name: KeyName, version: int, other: KeyName, later: int
) -> None:
    assume((name, version) != (other, later))
    wrapped = RING.wrap(SECRET, name, version)

    assert isinstance(RING.unwrap(wrapped, other, later, kek_id="k1"), Tampered)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        (ANNA._replace(tenant="shopa", subject="nna"), 1),
        (ANNA._replace(tenant="other"), 1),
        (ANNA._replace(subject="bob"), 1),
        (ANNA._replace(data_class=DataClass.PROFILE), 1),
        (ANNA, 2),
    ],
    ids=["shifted", "tenant", "subject", "class", "version"],
)
def test_every_part_of_the_place_binds(name: KeyName, version: int) -> None:
    wrapped = RING.wrap(SECRET, ANNA, 1)

    assert isinstance(RING.unwrap(wrapped, name, version, kek_id="k1"), Tampered)


def test_a_changed_bit_anywhere_in_a_wrapped_key_is_tampering() -> None:
    wrapped = RING.wrap(SECRET, ANNA, 1)

    for bit in range(len(wrapped) * 8):
        changed = (int.from_bytes(wrapped) ^ 1 << bit).to_bytes(len(wrapped))
        assert isinstance(RING.unwrap(changed, ANNA, 1, kek_id="k1"), Tampered)


@given(junk=st.binary(max_size=80))
def test_bytes_that_were_never_wrapped_are_tampering(junk: bytes) -> None:
    assert isinstance(RING.unwrap(junk, ANNA, 1, kek_id="k1"), Tampered)


def test_a_wrapped_key_without_its_mark_is_tampering() -> None:
    bare = aes_key_wrap_with_padding(KEK, SECRET)

    assert isinstance(RING.unwrap(bare, ANNA, 1, kek_id="k1"), Tampered)


def test_a_key_of_the_ring_that_is_not_active_still_unwraps() -> None:
    old = KeyRing({"k0": bytes(32)}, active="k0").wrap(SECRET, ANNA, 1)

    assert RING.unwrap(old, ANNA, 1, kek_id="k0") == SECRET
    assert isinstance(RING.unwrap(old, ANNA, 1, kek_id="k1"), Tampered)


def test_without_its_key_encryption_key_a_key_is_unavailable_and_not_tampered() -> None:
    outcome = RING.unwrap(RING.wrap(SECRET, ANNA, 1), ANNA, 1, kek_id="k9")

    assert outcome == KeyUnavailable("the key-encryption key k9 is not in the key ring")


def test_stored_keys_hold_what_the_page_says() -> None:
    # Written out from the specification, not from the code: stored keys depend on it for ever.
    context = (
        b"\x00\x00\x00\x04shop\x00\x00\x00\x04anna\x00\x00\x00\x07contact"
        b"\x00\x00\x00\x04\x00\x00\x00\x01"
    )
    wrapped = aes_key_wrap_with_padding(KEK, SECRET + sha256(context).digest()[:16])

    assert RING.wrap(SECRET, ANNA, 1) == wrapped


@pytest.mark.parametrize("vector", vectors("aes_kwp_test.json", keySize=256))
def test_key_wrapping_agrees_with_wycheproof(vector: Vector) -> None:
    if vector.valid:
        assert wrapped_under(vector.key, vector.message) == vector.ciphertext
        assert unwrapped_under(vector.key, vector.ciphertext) == vector.message
    else:
        assert unwrapped_under(vector.key, vector.ciphertext) is None

    ring = KeyRing({"k1": vector.key}, active="k1")
    assert isinstance(ring.unwrap(vector.ciphertext, ANNA, 1, kek_id="k1"), Tampered)


def test_nothing_of_a_ring_shows() -> None:
    assert KEY not in repr(RING)
    assert repr(KEK) not in repr(RING)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_ring_takes_keys_of_32_bytes_only(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing({"k1": bytes(size)}, active="k1")


def test_a_ring_needs_its_active_key() -> None:
    with pytest.raises(ValueError, match="active"):
        KeyRing({"k1": KEK}, active="k2")


def test_a_text_of_keys_is_read_past_comments_and_blank_lines() -> None:
    text = f"# two keys\n\nold {base64.b64encode(bytes(32)).decode()}\r\n  k1\t{KEY}  active\n"

    ring = parse_keys(text, source="REGULARS_KEYS")

    assert ring.kek_id == "k1"
    assert ring.unwrap(RING.wrap(SECRET, ANNA, 1), ANNA, 1, kek_id="k1") == SECRET


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "0 keys"),
        (f"k1 {KEY}", "0 keys"),
        (f"k1 {KEY} active\nk2 {KEY} active", "2 keys"),
        (f"k1 {KEY} active\nk1 {KEY}", "line 2"),
        (f"k1 {KEY} aktive", "line 1"),
        (f"# fine\nk1 {KEY[:-4]} active", "line 2"),
        (f"k1 {KEY}AAAA active", "line 1"),
        (f"k1 ,{KEY[1:]} active", "line 1"),
        (f"k1 \N{LATIN SMALL LETTER E WITH ACUTE}{KEY[1:]} active", "line 1"),
        (f"{KEY} active", "line 1"),
        (f"k/1 {KEY} active", "line 1"),
    ],
)
def test_a_malformed_text_is_refused_by_place_and_its_content_is_not_repeated(
    text: str, why: str
) -> None:
    with pytest.raises(UnusableKeys, match=f"REGULARS_KEYS: .*{why}") as caught:
        parse_keys(text, source="REGULARS_KEYS")

    assert KEY[1:-4] not in f"{caught.value} {caught.value!r}"


def test_a_new_key_file_is_its_owners_alone_and_says_what_its_loss_means(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "regulars.keys"
    before = os.umask(0)
    try:
        create_key_file(path)
    finally:
        os.umask(before)

    ring = read_key_file(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "If this file is lost" in path.read_text()
    assert ring.unwrap(ring.wrap(SECRET, ANNA, 1), ANNA, 1, kek_id=ring.kek_id) == SECRET
    assert list(tmp_path.iterdir()) == [path]
    assert not caplog.records


def test_no_two_key_files_hold_the_same_key_or_id(tmp_path: Path) -> None:
    for name in ("one", "other"):
        create_key_file(tmp_path / name)
    one, other = (
        (tmp_path / name).read_text().splitlines()[-1].split() for name in ("one", "other")
    )

    assert one[0] != other[0]
    assert one[1] != other[1]


def test_what_stands_there_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "regulars.keys"
    path.write_text("precious")

    with pytest.raises(FileExistsError):
        create_key_file(path)

    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


RACE = """
import sys
from pathlib import Path
from regulars.adapters.key_ring import create_key_file, read_key_file

print("ready", flush=True)
sys.stdin.readline()
for number in range(200):
    path = Path(sys.argv[1], f"{number}.keys")
    try:
        create_key_file(path)
    except FileExistsError:
        pass
    print(read_key_file(path).kek_id)
"""


def test_two_processes_that_race_end_with_one_key(tmp_path: Path) -> None:
    with ExitStack() as closing:
        racers = [closing.enter_context(Forked("-c", RACE, str(tmp_path))) for _ in range(2)]
        begin(*racers)
        one, other = (racer.answer() for racer in racers)

    assert [racer.poll() for racer in racers] == [0, 0]
    assert len(one.split()) == 200
    assert one == other
    assert len(list(tmp_path.iterdir())) == 200


def test_a_key_file_that_others_may_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "regulars.keys"
    create_key_file(path)
    path.chmod(0o640)

    read_key_file(path)

    [record] = caplog.records
    assert (record.name, record.levelno) == ("regulars.keys", logging.WARNING)
    assert str(path) in record.getMessage()
    assert path.read_text().splitlines()[-1].split()[1] not in record.getMessage()


def test_a_key_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    binary.chmod(0o600)

    for path in (tmp_path / "missing", tmp_path, binary):
        with pytest.raises(UnusableKeys, match=path.name):
            read_key_file(path)
    with pytest.raises(UnusableKeys, match="nowhere"):
        create_key_file(tmp_path / "nowhere" / "regulars.keys")
