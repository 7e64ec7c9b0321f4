import hmac
import logging
import traceback
from hashlib import blake2b, sha256
from pathlib import Path

import pytest
from attrs import evolve
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.database import Database
from regulars.adapters.envelope import (
    AES_256_GCM,
    AES_256_GCM_SIV,
    CHACHA20_POLY1305,
    CLASS_CODES,
)
from regulars.adapters.key_ring import KeyRing
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.errors import StorageUnavailable, SubjectErased
from regulars.application.events import EventId
from regulars.application.keys import KeyState, StoredKey
from regulars.application.ports import (
    Erased,
    KeyUnavailable,
    Revealed,
    Spot,
    Tampered,
    Vault,
)
from regulars.domain.personal import (
    DataClass,
    Personal,
    Profile,
    Sealed,
)
from tests.adapters.personal_values import personal
from tests.adapters.vaults import (
    ANNA,
    CONTACT,
    MARK_SECRET,
    RING,
    SECRET,
    SPOT,
    stored,
    vault,
)

ALGORITHMS = [AES_256_GCM, AES_256_GCM_SIV, CHACHA20_POLY1305]

spots = st.builds(
    Spot,
    subject=st.sampled_from(["anna", "bob"]),
    type=st.sampled_from(["CustomerRegistered", "CustomerDetailsUpdated"]),
    schema=st.integers(1, 2),
    event_id=st.sampled_from([SPOT.event_id, EventId(bytes(16))]),
    box=st.sampled_from(["contact", "extra"]),
)


def flipped(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data) ^ 1 << bit).to_bytes(len(data))


def naming(box: Sealed, *, data_class: DataClass | None = None, version: int = 1) -> Sealed:
    """The box with another key named in its header."""
    code = CLASS_CODES[data_class] if data_class else box.envelope[4]
    head = box.envelope[:4] + bytes([code]) + version.to_bytes(4)
    return Sealed(head + box.envelope[9:])


def test_it_is_a_vault() -> None:
    port: Vault = vault(MemoryKeyStore())

    assert port.open(port.seal(CONTACT, SPOT), SPOT) == Revealed(CONTACT)


@given(value=personal, spot=spots, algorithm=st.sampled_from(ALGORITHMS))
def test_a_box_opens_where_it_was_sealed(value: Personal, spot: Spot, algorithm: int) -> None:
    keys = MemoryKeyStore()
    box = vault(keys, algorithm=algorithm).seal(value, spot)

    assert box.envelope[3] == algorithm
    assert vault(keys).open(box, spot) == Revealed(value)


def test_a_box_does_not_open_for_another_tenant() -> None:
    keys = MemoryKeyStore()
    box = vault(keys, "shop").seal(CONTACT, SPOT)
    other = vault(keys, "other")
    assert isinstance(other.open(box, SPOT), Tampered)

    other.seal(CONTACT, SPOT)

    assert isinstance(other.open(box, SPOT), Tampered)


def test_a_box_does_not_open_as_another_class_or_version() -> None:
    keys = MemoryKeyStore([stored(1, KeyState.SUPERSEDED), stored(2, secret=bytes(32))])
    safe = vault(keys)
    box = safe.seal(CONTACT, SPOT)
    safe.seal(Profile(gender="f"), SPOT)

    assert safe.open(box, SPOT) == Revealed(CONTACT)
    assert isinstance(safe.open(naming(box, version=1), SPOT), Tampered)
    assert isinstance(safe.open(naming(box, data_class=DataClass.PROFILE), SPOT), Tampered)


def test_the_same_secret_under_another_version_opens_nothing() -> None:
    keys = MemoryKeyStore([stored(1, KeyState.SUPERSEDED), stored(2)])
    box = vault(keys).seal(CONTACT, SPOT)

    assert isinstance(vault(keys).open(naming(box, version=1), SPOT), Tampered)


def test_a_changed_bit_anywhere_in_a_stored_key_is_tampering() -> None:
    whole = stored()
    assert whole.wrapped is not None
    box = vault(MemoryKeyStore([whole])).seal(CONTACT, SPOT)

    for bit in range(len(whole.wrapped) * 8):
        safe = vault(MemoryKeyStore([evolve(whole, wrapped=flipped(whole.wrapped, bit))]))
        assert isinstance(safe.open(box, SPOT), Tampered)
        with pytest.raises(StorageUnavailable):
            safe.seal(CONTACT, SPOT)


@pytest.mark.parametrize("size", range(0, 117, 7))
def test_a_box_cut_short_is_tampering_even_when_its_key_was_erased(size: int) -> None:
    box = vault(MemoryKeyStore([stored()])).seal(CONTACT, SPOT)
    gone = vault(MemoryKeyStore([stored(state=KeyState.ERASED)]))

    assert isinstance(gone.open(Sealed(box.envelope[:size]), SPOT), Tampered)


def test_a_key_copied_from_another_subject_is_tampering() -> None:
    keys = MemoryKeyStore()
    vault(keys).seal(CONTACT, SPOT)
    box = vault(keys).seal(CONTACT, SPOT._replace(subject="bob"))
    [annas] = keys.get_many([ANNA])[ANNA]
    stolen = MemoryKeyStore([evolve(annas, name=ANNA._replace(subject="bob"))])

    assert isinstance(vault(stolen).open(box, SPOT._replace(subject="bob")), Tampered)


@pytest.mark.parametrize(
    "half",
    [
        evolve(stored(), wrapped=None),
        evolve(stored(), kek=None),
        evolve(stored(), version=2**40),
        evolve(stored(), version=0),
    ],
)
def test_a_stored_key_that_is_not_whole_is_neither_erased_nor_used(half: StoredKey) -> None:
    box = vault(MemoryKeyStore([stored()])).seal(CONTACT, SPOT)
    keys = MemoryKeyStore([half])

    assert isinstance(vault(keys).open(box, SPOT), Tampered | KeyUnavailable)
    with pytest.raises(StorageUnavailable):
        vault(keys).seal(CONTACT, SPOT)


def test_a_box_whose_key_was_erased_is_erased() -> None:
    box = vault(MemoryKeyStore([stored()])).seal(CONTACT, SPOT)

    assert vault(MemoryKeyStore([stored(state=KeyState.ERASED)])).open(box, SPOT) == Erased()


def test_a_box_whose_key_is_not_in_the_store_is_not_erased() -> None:
    box = vault(MemoryKeyStore()).seal(CONTACT, SPOT)

    outcome = vault(MemoryKeyStore()).open(box, SPOT)

    assert outcome == KeyUnavailable("the key is not in this key store")


def test_a_box_whose_key_encryption_key_is_missing_is_not_erased() -> None:
    keys = MemoryKeyStore()
    box = vault(keys).seal(CONTACT, SPOT)
    elsewhere = vault(keys, ring=KeyRing({"k2": bytes(32)}, active="k2"))

    assert isinstance(elsewhere.open(box, SPOT), KeyUnavailable)
    with pytest.raises(StorageUnavailable, match="k1 is not in the key ring"):
        elsewhere.seal(CONTACT, SPOT)


def test_a_key_store_that_does_not_answer_makes_the_key_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'regulars.db'}")
    keys = SqlKeyStore(database)
    box = vault(keys).seal(CONTACT, SPOT)
    database.close()

    assert isinstance(vault(keys).open(box, SPOT), KeyUnavailable)
    with pytest.raises(StorageUnavailable):
        vault(keys).seal(CONTACT, SPOT)


def test_nothing_is_sealed_or_digested_for_someone_erased() -> None:
    safe = vault(MemoryKeyStore([stored(state=KeyState.ERASED)]))

    with pytest.raises(SubjectErased, match="anna"):
        safe.seal(CONTACT, SPOT)
    with pytest.raises(SubjectErased):
        safe.digest(CONTACT, "anna")
    profile = Profile(gender="f")
    assert safe.open(safe.seal(profile, SPOT), SPOT) == Revealed(profile)


@given(one=personal, other=personal)
def test_digests_tell_whether_values_are_the_same(one: Personal, other: Personal) -> None:
    safe = vault(MemoryKeyStore())

    assert len(safe.digest(one, "anna")) == 32
    assert (safe.digest(one, "anna") == safe.digest(other, "anna")) == (one == other)


def test_digests_of_different_subjects_tell_nothing() -> None:
    safe = vault(MemoryKeyStore())

    assert safe.digest(CONTACT, "anna") != safe.digest(CONTACT, "bob")


def test_boxes_and_digests_are_what_the_page_says() -> None:
    # Written out from the specification, not from the code: stored boxes depend on it for ever.
    header = b"\xe5\x50\x01\x01\x01\x00\x00\x00\x01"
    associated_data = (
        b"\x00\x00\x00\x0eregulars/box/1\x00\x00\x00\x09" + header + b"\x00\x00\x00\x04shop"
        b"\x00\x00\x00\x04anna\x00\x00\x00\x12CustomerRegistered\x00\x00\x00\x011"
        b"\x00\x00\x00\x10\x01\x89\x00\x00\x00\x00\x80\x00\x80\x00\x00\x00\x00\x00\x00\x00"
        b"\x00\x00\x00\x07contact"
    )
    text = b'{"name":"Anna","phone":"13812345678"}'
    plaintext = b"\x00\x00\x00\x25" + text + bytes(64 - 4 - len(text))
    sealed = bytes(12) + AESGCM(SECRET).encrypt(bytes(12), plaintext, associated_data)
    mark = blake2b(
        associated_data + sealed, key=MARK_SECRET, digest_size=16, person=b"regulars/mark/1"
    )
    envelope = header + sealed + mark.digest()
    subkey = HKDF(SHA256(), 32, salt=None, info=b"regulars/digest/1").derive(SECRET)
    safe = vault(MemoryKeyStore([stored()]))

    assert safe.open(Sealed(envelope), SPOT) == Revealed(CONTACT)
    assert safe.digest(CONTACT, "anna") == hmac.new(subkey, text, sha256).digest()


def test_nothing_shows_in_words_logs_or_rows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    database = Database(f"sqlite:///{tmp_path / 'regulars.db'}")
    keys = SqlKeyStore(database)
    safe = vault(keys)
    box = safe.seal(CONTACT, SPOT)
    [row] = keys.get_many([ANNA])[ANNA]
    assert row.wrapped is not None
    secret = RING.unwrap(row.wrapped, ANNA, 1, kek_id="k1")
    assert isinstance(secret, bytes)
    said = [box, row, safe, safe.open(box, SPOT), safe.open(box, SPOT._replace(box="x"))]
    words = [f"{thing} {thing!r}" for thing in said]
    try:
        vault(MemoryKeyStore([stored(state=KeyState.ERASED)])).seal(CONTACT, SPOT)
    except SubjectErased:
        words.append(traceback.format_exc())
    database.close()

    text = "\n".join([*words, caplog.text])
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for hidden in (b"13812345678", b"Anna", secret, box.envelope):
        assert hidden not in files
        assert hidden.hex() not in text
        assert repr(hidden)[2:-1] not in text


def test_a_box_names_the_version_of_its_key_and_what_is_no_box_names_none() -> None:
    keys = MemoryKeyStore([stored(1, KeyState.SUPERSEDED)])
    safe = vault(keys)

    assert safe.version_of(safe.seal(CONTACT, SPOT)) == 2
    assert safe.version_of(Sealed(b"junk")) == 0
