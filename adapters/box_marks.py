"""
Marks: what proves that a box is whole and in its place when the key that sealed it is gone.

The tag inside an envelope takes the subject's own key to check, and erasure destroys that key. The
mark is keyed BLAKE2b (RFC 7693) of 16 bytes, with `regulars/mark/1` as its person, over the
associated data, nonce, ciphertext and tag, under a key of the tenant that no erasure touches. It
is made of ciphertext alone, so it tells nothing about what is inside.
"""

from hashlib import blake2b
from hmac import compare_digest
from typing import Final

from regulars.adapters.envelope import MARK_BYTES, Parts
from regulars.application.ports import KeyUnavailable, Tampered

_PERSON: Final = b"regulars/mark/1"


class Marking:
    """
    The key of a tenant's marks, at hand.

    `otherwise` is what a box is that it does not hold for: tampered with, unless there was another.
    """

    __slots__ = ("_keyed", "otherwise")

    def __init__(self, secret: bytes, otherwise: Tampered | KeyUnavailable) -> None:
        self.otherwise = otherwise
        self._keyed = blake2b(key=secret, digest_size=MARK_BYTES, person=_PERSON)

    def mark(self, bound: bytes, sealed: bytes) -> bytes:
        """The mark of a box: `bound` is its associated data, `sealed` all behind its header."""
        keyed = self._keyed.copy()
        keyed.update(bound + sealed)
        return keyed.digest()

    def holds(self, bound: bytes, parts: Parts) -> bool:
        """Whether a box is what was marked, in the place that `bound` tells of."""
        return compare_digest(self.mark(bound, parts.nonce + parts.ciphertext), parts.mark)
