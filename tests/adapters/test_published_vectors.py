"""Independent vectors, run through the code that seals, wraps and digests, not past it."""

import pytest
from cryptography.exceptions import InvalidTag

from regulars.adapters.data_keys import derived, keyed_digest
from regulars.adapters.envelope import (
    AES_256_GCM,
    AES_256_GCM_SIV,
    CHACHA20_POLY1305,
    Cipher,
    cipher,
)
from regulars.adapters.key_ring import KeyRing, unwrapped_under, wrapped_under
from regulars.application.keys import KeyName
from regulars.application.ports import Tampered
from regulars.domain.personal import DataClass
from tests.adapters.published_vectors import Published, octets, published
from tests.adapters.wycheproof import cases

ANNA = KeyName("shop", "anna", DataClass.CONTACT)


def opens(under: Cipher, nonce: bytes, sealed: bytes, bound: bytes) -> bytes | None:
    try:
        return under.decrypt(nonce, sealed, bound)
    except InvalidTag:
        return None


def of_envelopes(case: Published) -> bool:
    sizes = (case["keylen"], case["ivlen"], case["taglen"])
    return sizes == ("256", "96", "128")


def test_algorithm_1_seals_as_nist_has_it() -> None:
    count = 0
    for case in filter(of_envelopes, published("ciphers/AES/GCM/gcmEncryptExtIV256.rsp")):
        under = cipher(AES_256_GCM, octets(case["key"]))
        made = under.encrypt(octets(case["iv"]), octets(case["pt"]), octets(case["aad"]))
        assert made == octets(case["ct"] + case["tag"])
        count += 1

    assert count == 375


def test_algorithm_1_opens_and_refuses_as_nist_has_it() -> None:
    refused = opened = 0
    for case in filter(of_envelopes, published("ciphers/AES/GCM/gcmDecrypt256.rsp")):
        under = cipher(AES_256_GCM, octets(case["key"]))
        sealed = octets(case["ct"] + case["tag"])
        found = opens(under, octets(case["iv"]), sealed, octets(case["aad"]))
        if "fail" in case:
            assert found is None
            refused += 1
        else:
            assert found == octets(case["pt"])
            opened += 1

    assert min(opened, refused) > 100
    assert opened + refused == 375


@pytest.mark.parametrize(
    ("algorithm", "file", "least"),
    [
        (AES_256_GCM_SIV, "ciphers/AES/GCM-SIV/openssl.txt", 20),
        (CHACHA20_POLY1305, "ciphers/ChaCha20Poly1305/openssl.txt", 1),
    ],
)
def test_algorithms_2_and_3_seal_and_open_as_openssl_has_it(
    algorithm: int, file: str, least: int
) -> None:
    count = 0
    for case in published(file):
        key, nonce = octets(case["key"]), octets(case["iv"])
        if len(key) != 32 or len(nonce) != 12:
            continue
        under = cipher(algorithm, key)
        sealed, bound = octets(case["ciphertext"] + case["tag"]), octets(case.get("aad", ""))
        if {"operation", "result"} & case.keys():
            assert opens(under, nonce, sealed, bound) is None
            continue
        assert opens(under, nonce, sealed, bound) == octets(case["plaintext"])
        assert under.encrypt(nonce, octets(case["plaintext"]), bound) == sealed
        count += 1

    assert count >= least


def test_algorithm_3_seals_and_opens_as_rfc_7539_has_it() -> None:
    count = 0
    for case in published("ciphers/ChaCha20Poly1305/boringssl.txt"):
        under = cipher(CHACHA20_POLY1305, octets(case["key"]))
        nonce, bound = octets(case["nonce"]), octets(case["ad"])
        sealed = octets(case["ct"]) + octets(case["tag"])
        assert under.encrypt(nonce, octets(case["in"]), bound) == sealed
        assert opens(under, nonce, sealed, bound) == octets(case["in"])
        count += 1

    assert count > 50


def test_keys_are_wrapped_as_nist_has_it() -> None:
    count = 0
    for case in published("keywrap/kwtestvectors/KWP_AE_256.txt"):
        kek, content = octets(case["k"]), octets(case["p"])
        assert wrapped_under(kek, content) == octets(case["c"])
        assert unwrapped_under(kek, octets(case["c"])) == content
        count += 1

    assert count == 500


def test_keys_are_unwrapped_or_refused_as_nist_has_it() -> None:
    refused = 0
    for case in published("keywrap/kwtestvectors/KWP_AD_256.txt"):
        kek, wrapped = octets(case["k"]), octets(case["c"])
        found = unwrapped_under(kek, wrapped)
        ring = KeyRing({"k1": kek}, active="k1")
        assert isinstance(ring.unwrap(wrapped, ANNA, 1, kek_id="k1"), Tampered)
        if "fail" in case:
            assert found is None
            refused += 1
        else:
            assert found == octets(case["p"])

    assert refused == 100


def test_a_ring_wraps_what_an_unwrapping_by_nist_ends_in() -> None:
    for case in published("keywrap/kwtestvectors/KWP_AE_256.txt"):
        kek = octets(case["k"])
        wrapped = KeyRing({"k1": kek}, active="k1").wrap(bytes(32), ANNA, 1)
        content = unwrapped_under(kek, wrapped)
        assert content is not None
        assert content[:32] == bytes(32)


def test_digests_are_those_of_rfc_4231() -> None:
    count = 0
    for case in published("HMAC/rfc-4231-sha256.txt"):
        assert keyed_digest(octets(case["key"]), octets(case["msg"])) == octets(case["md"])
        count += 1

    assert count >= 6


def test_keys_are_derived_as_in_rfc_5869() -> None:
    count = 0
    for case in published("KDF/rfc-5869-HKDF-SHA256.txt"):
        made = derived(
            octets(case["ikm"]),
            octets(case["info"]),
            salt=octets(case["salt"]) or None,
            size=int(case["l"]),
        )
        assert made == octets(case["okm"])
        count += 1

    assert count == 3


def test_digests_agree_with_wycheproof() -> None:
    for case in cases("hmac_sha256_test.json", tagSize=256):
        made = keyed_digest(bytes.fromhex(case["key"]), bytes.fromhex(case["msg"]))
        assert (made.hex() == case["tag"]) == (case["result"] == "valid")


def test_derived_keys_agree_with_wycheproof() -> None:
    for case in cases("hkdf_sha256_test.json"):
        if case["result"] != "valid":
            continue
        made = derived(
            bytes.fromhex(case["ikm"]),
            bytes.fromhex(case["info"]),
            salt=bytes.fromhex(case["salt"]) or None,
            size=case["size"],
        )
        assert made.hex() == case["okm"]
