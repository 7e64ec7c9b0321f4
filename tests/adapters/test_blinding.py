import hmac
from hashlib import sha256

import pytest
from attrs import evolve

from regulars.adapters.blinding import KeyedBlinder, root_name
from regulars.adapters.key_ring import KeyRing
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.normalisers import NORMALISERS
from regulars.application.contact_index import ContactField, IndexVersion
from regulars.application.errors import InvalidPersonalData, UnusableIndex
from regulars.application.keys import KeyState, StoredKey
from tests.adapters.vaults import RING, Noon

FIRST = IndexVersion(version=1, normaliser=1, region="CN", unique=True, full=True)
PHONE = "138 1234 5678"


def blinder(keys: MemoryKeyStore, tenant: str = "shop", ring: KeyRing = RING) -> KeyedBlinder:
    return KeyedBlinder(tenant, keys, ring, clock=Noon())


def provided(keys: MemoryKeyStore, *versions: int) -> KeyedBlinder:
    made = blinder(keys)
    for version in versions:
        made.provide(version)
    return made


def root_in(keys: MemoryKeyStore, version: int = 1) -> bytes:
    name = root_name("shop", version)
    ((stored,),) = keys.get_many([name]).values()
    assert stored.wrapped is not None
    secret = RING.unwrap(stored.wrapped, name, stored.version, kek_id="k1")
    assert isinstance(secret, bytes)
    return secret


def framed(*items: bytes) -> bytes:
    return b"".join(len(item).to_bytes(4, "big") + item for item in items)


def test_a_token_is_what_the_page_says() -> None:
    keys = MemoryKeyStore()
    token = provided(keys, 1).token(ContactField.PHONE, PHONE, FIRST)

    info = framed(b"regulars/index/1", b"shop", b"phone", b"find", bytes([0, 0, 0, 1]))
    info += framed(bytes([0, 0, 0, 1]))
    extracted = hmac.digest(bytes(32), root_in(keys), sha256)
    key = hmac.digest(extracted, info + b"\x01", sha256)
    assert token.value == hmac.digest(key, framed(b"phone", b"+8613812345678"), sha256)
    assert (token.kind, token.version, token.normaliser) == (ContactField.PHONE, 1, 1)
    assert token.value.hex() not in repr(token)


def test_a_token_means_nothing_in_another_place() -> None:
    keys = MemoryKeyStore()
    made = provided(keys, 1, 2)
    blinder(keys, "other").provide(1)
    address = "8613812345678@example.org"

    tokens = [
        made.token(ContactField.PHONE, PHONE, FIRST),
        made.token(ContactField.EMAIL, address, FIRST),
        made.token(ContactField.PHONE, PHONE, evolve(FIRST, version=2)),
        blinder(keys, "other").token(ContactField.PHONE, PHONE, FIRST),
    ]

    assert len({token.value for token in tokens}) == len(tokens)


def test_everybody_makes_the_same_token_whatever_way_a_number_is_written() -> None:
    keys = MemoryKeyStore()
    one, other = provided(keys, 1), provided(keys, 1)

    forms = ("13812345678", "008613812345678", "+86 138-1234-5678")
    tokens = {who.token(ContactField.PHONE, text, FIRST) for who in (one, other) for text in forms}

    assert len(tokens) == 1


@pytest.mark.parametrize("edition", NORMALISERS)
def test_half_a_character_is_no_contact(edition: int) -> None:
    keys, version = MemoryKeyStore(), evolve(FIRST, normaliser=edition)

    for contact_field, text in (("email", "\udcff@example.org"), ("phone", "\udcff138")):
        with pytest.raises(InvalidPersonalData) as refused:
            provided(keys, 1).token(ContactField(contact_field), text, version)
        assert refused.value.field == contact_field


def test_without_its_key_a_version_makes_no_token() -> None:
    keys = MemoryKeyStore()
    provided(keys, 1)
    stranger = blinder(keys, ring=KeyRing({"k2": bytes(32)}, active="k2"))
    gone = StoredKey(
        name=root_name("shop", 2),
        version=1,
        state=KeyState.ERASED,
        wrapped=None,
        kek=None,
        created_at=1,
        erased_at=2,
    )

    with pytest.raises(UnusableIndex, match="k1 is not in the key ring"):
        stranger.token(ContactField.PHONE, PHONE, FIRST)
    for store in (MemoryKeyStore(), MemoryKeyStore([gone])):
        with pytest.raises(UnusableIndex, match="lost the key of its version 2"):
            blinder(store).token(ContactField.PHONE, PHONE, evolve(FIRST, version=2))


def test_a_form_that_is_not_known_yet_is_not_guessed_at() -> None:
    newer = evolve(FIRST, normaliser=99)

    with pytest.raises(UnusableIndex, match="normaliser 99"):
        provided(MemoryKeyStore(), 1).token(ContactField.PHONE, PHONE, newer)
