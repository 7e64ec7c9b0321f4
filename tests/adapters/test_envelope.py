from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import assume, given
from hypothesis import strategies as st

from regulars.adapters import codec
from regulars.adapters.envelope import (
    AES_256_GCM,
    AES_256_GCM_SIV,
    CHACHA20_POLY1305,
    CLASS_CODES,
    bound_to_key,
    bound_to_spot,
    cipher,
    content,
    framed,
    header,
    padded,
    take_apart,
    value_in,
)
from regulars.application.errors import InvalidPersonalData
from regulars.application.events import EventId
from regulars.application.ports import Revealed, Spot, Tampered
from regulars.domain.customer import CustomerRegistered
from regulars.domain.personal import (
    DATA_CLASS,
    Address,
    Contact,
    Content,
    DataClass,
    Identity,
    Payment,
    Personal,
    Profile,
)
from tests.adapters.personal_values import contacts, personal
from tests.adapters.wycheproof import Vector, vectors
from tests.domain.examples import ANNA

SPOT = Spot(
    subject="anna",
    type="CustomerRegistered",
    schema=1,
    event_id=EventId(bytes(range(16))),
    box="contact",
)
HEADER = b"\xe5\x50\x01\x01\x01\x00\x00\x00\x01"
ENVELOPE = HEADER + bytes(12) + bytes(32) + bytes(16) + bytes(16)


def test_headers_are_what_the_page_says() -> None:
    assert header(AES_256_GCM, DataClass.CONTACT, 1) == HEADER
    assert header(CHACHA20_POLY1305, DataClass.CONTENT, 2**32 - 1) == (
        b"\xe5\x50\x01\x03\x06\xff\xff\xff\xff"
    )


def test_the_numbers_of_data_classes_stand_for_ever() -> None:
    assert {name.value: code for name, code in CLASS_CODES.items()} == {
        "contact": 1,
        "address": 2,
        "payment": 3,
        "identity": 4,
        "profile": 5,
        "content": 6,
    }


def test_the_associated_data_is_what_the_page_says() -> None:
    assert bound_to_key(HEADER, "shop", "anna") + bound_to_spot(SPOT) == (
        b"\x00\x00\x00\x0eregulars/box/1"
        b"\x00\x00\x00\x09\xe5\x50\x01\x01\x01\x00\x00\x00\x01"
        b"\x00\x00\x00\x04shop"
        b"\x00\x00\x00\x04anna"
        b"\x00\x00\x00\x12CustomerRegistered"
        b"\x00\x00\x00\x011"
        b"\x00\x00\x00\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
        b"\x00\x00\x00\x07contact"
    )


@given(one=st.lists(st.binary()), other=st.lists(st.binary()))
def test_no_two_lists_are_framed_alike(one: list[bytes], other: list[bytes]) -> None:
    assume(one != other)

    assert framed(*one) != framed(*other)


def test_an_envelope_is_taken_apart_into_what_it_was_made_of() -> None:
    parts = take_apart(HEADER + b"n" * 12 + b"c" * 80 + b"m" * 16)

    assert not isinstance(parts, Tampered)
    assert (parts.header, parts.algorithm, parts.data_class, parts.key_version) == (
        HEADER,
        AES_256_GCM,
        DataClass.CONTACT,
        1,
    )
    assert (parts.nonce, parts.ciphertext, parts.mark) == (b"n" * 12, b"c" * 80, b"m" * 16)


@pytest.mark.parametrize(
    ("place", "byte"),
    [(0, 0xE4), (1, 0x51), (2, 0), (2, 2), (3, 0), (3, 4), (4, 0), (4, 7), (8, 0)],
)
def test_what_no_version_knows_is_tampering(place: int, byte: int) -> None:
    changed = bytearray(ENVELOPE)
    changed[place] = byte

    assert not isinstance(take_apart(ENVELOPE), Tampered)
    assert isinstance(take_apart(bytes(changed)), Tampered)


@given(size=st.integers(0, 300).filter(lambda size: size < 85 or (size - 85) % 32))
def test_a_length_that_no_box_has_is_tampering(size: int) -> None:
    assert isinstance(take_apart((ENVELOPE + bytes(300))[:size]), Tampered)


@given(junk=st.binary(max_size=200))
def test_junk_is_tampering(junk: bytes) -> None:
    assume(not junk.startswith(b"\xe5\x50\x01"))

    assert isinstance(take_apart(junk), Tampered)


@given(value=personal)
def test_every_value_comes_back_as_it_was(value: Personal) -> None:
    plaintext = padded(content(value))

    assert value_in(plaintext, DATA_CLASS[type(value)]) == value
    assert len(plaintext) % 32 == 0


def test_what_is_left_out_is_not_what_is_empty() -> None:
    values = [Contact(), Contact(name=""), Contact(phone=""), Contact(email="")]

    assert [value_in(padded(content(value)), DataClass.CONTACT) for value in values] == values
    assert len({content(value) for value in values}) == 4


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (Contact(), b"{}"),
        (
            Contact(name="张三", phone="13812345678"),
            '{"name":"张三","phone":"13812345678"}'.encode(),
        ),
        (Address(text="1 High St"), b'{"text":"1 High St"}'),
        (Payment(card_tail="0411", issuer="x"), b'{"card_tail":"0411","issuer":"x"}'),
        (
            Identity(real_name="Li", document_number="110101"),
            b'{"document_number":"110101","real_name":"Li"}',
        ),
        (
            Profile(birth_date=date(1990, 2, 3), gender="f", occupation="cook"),
            b'{"birth_date":"1990-02-03","gender":"f","occupation":"cook"}',
        ),
        (Content(text="hi", extra=(("a", "b"),)), b'{"extra":[["a","b"]],"text":"hi"}'),
    ],
)
def test_content_is_what_it_always_was(value: Personal, encoded: bytes) -> None:
    # Boxes and digests in existing logs hold these bytes.
    assert content(value) == encoded


@pytest.mark.parametrize("short", ["m", "f", "diverse"])
def test_short_values_look_alike_in_length(short: str) -> None:
    assert len(padded(content(Profile(gender=short)))) == 32


@given(value=contacts, extra=st.binary(min_size=1, max_size=64))
def test_padding_that_is_not_zeros_to_the_next_32_bytes_is_tampering(
    value: Contact, extra: bytes
) -> None:
    plaintext = padded(content(value))

    assert isinstance(value_in(plaintext + extra, DataClass.CONTACT), Tampered)
    assert isinstance(value_in(plaintext[: -len(extra)], DataClass.CONTACT), Tampered)
    for ending in range(len(content(value)) + 4, len(plaintext)):
        changed = plaintext[:ending] + b"\x01" + plaintext[ending + 1 :]
        assert isinstance(value_in(changed, DataClass.CONTACT), Tampered)


@pytest.mark.parametrize(
    "encoded",
    [b"", b"[]", b'"13812345678"', b"{", b'{"phone":13812345678}', b'{"name":true}'],
)
def test_content_of_another_type_is_tampering(encoded: bytes) -> None:
    outcome = value_in(padded(encoded), DataClass.CONTACT)

    assert outcome == Tampered("the content of the box is no value of its data class")


@pytest.mark.parametrize("kind", DataClass)
def test_content_that_lacks_what_its_class_needs_is_tampering(kind: DataClass) -> None:
    needs = {DataClass.ADDRESS, DataClass.PAYMENT, DataClass.IDENTITY}

    assert isinstance(value_in(padded(b"{}"), kind), Tampered) == (kind in needs)


@pytest.mark.parametrize("value", [Contact(phone="13812345678"), Payment(card_tail="0411")])
@pytest.mark.parametrize("encode", [msgspec.json.encode, msgspec.msgpack.encode, codec.encode])
def test_no_encoder_of_ours_takes_a_personal_value_or_an_opened_one(
    value: Personal, encode: Callable[[Any], bytes]
) -> None:
    opened = value_in(padded(content(value)), DATA_CLASS[type(value)])
    bug: Any = value

    for plain in (value, opened, Revealed(value), CustomerRegistered(customer=ANNA, contact=bug)):
        with pytest.raises(TypeError, match="unsupported"):
            encode(plain)


@pytest.mark.parametrize("digits", ["1", "12", "0411", "6411"])
def test_card_tails_look_alike_in_length(digits: str) -> None:
    assert len(padded(content(Payment(card_tail=digits)))) == 32


def test_what_could_not_be_read_back_is_not_written_and_not_repeated() -> None:
    wrong: list[object] = [13812345678, True, b"13812345678", "13812345678\ud800", ["13812345678"]]

    for phone in wrong:
        with pytest.raises(InvalidPersonalData) as caught:
            content(Contact(phone=phone))  # type: ignore[arg-type] # what an untyped host might do
        assert "1381" not in f"{caught.value} {caught.value!r}"
        assert caught.value.__context__ is None


def test_what_is_no_personal_value_is_a_bug() -> None:
    with pytest.raises(TypeError, match="str is no class of personal data"):
        content("13812345678")  # type: ignore[arg-type] # what an untyped host might do


@pytest.mark.parametrize("vector", vectors("aes_gcm_test.json", keySize=256, ivSize=96))
def test_algorithm_1_agrees_with_wycheproof(vector: Vector) -> None:
    check(AES_256_GCM, vector)


@pytest.mark.parametrize("vector", vectors("aes_gcm_siv_test.json", keySize=256, ivSize=96))
def test_algorithm_2_agrees_with_wycheproof(vector: Vector) -> None:
    check(AES_256_GCM_SIV, vector)


@pytest.mark.parametrize("vector", vectors("chacha20_poly1305_test.json", keySize=256, ivSize=96))
def test_algorithm_3_agrees_with_wycheproof(vector: Vector) -> None:
    check(CHACHA20_POLY1305, vector)


def check(algorithm: int, vector: Vector) -> None:
    under = cipher(algorithm, vector.key)
    if vector.valid:
        made = under.encrypt(vector.nonce, vector.message, vector.associated_data)
        assert made == vector.ciphertext
        back = under.decrypt(vector.nonce, vector.ciphertext, vector.associated_data)
        assert back == vector.message
    else:
        with pytest.raises(InvalidTag):
            under.decrypt(vector.nonce, vector.ciphertext, vector.associated_data)


@pytest.mark.parametrize(("algorithm", "size"), [(0, 32), (4, 32), (1, 16), (1, 24), (2, 16)])
def test_there_are_three_algorithms_and_their_keys_have_32_bytes(algorithm: int, size: int) -> None:
    with pytest.raises(ValueError, match="none of an envelope"):
        cipher(algorithm, bytes(size))
