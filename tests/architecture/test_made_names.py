"""Every name that the product makes begins with a word that no id of a host may begin with."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from regulars.application import own_ids
from regulars.domain import names
from tests.architecture.repository import ROOT

RESERVED: Final = {
    "LotId": own_ids.LOTS - {names.MERGED},
    "RedemptionId": own_ids.REDEMPTIONS - {names.MERGED},
    "CouponId": own_ids.COUPONS,
    "OccasionId": own_ids.OCCASIONS,
    "RefundId": own_ids.REFUNDS,
}
"""
The words of each kind. The names of what came with a merge are made for all kinds alike, in
`merged_account`.
"""

OTHERS: Final = {
    ("GrantId", "granting.py"): "a round is granted through the door, and again as it was before",
    ("OccasionId", "caring.py"): "so is what a day of care has, by year and name",
    ("LotId", "policies.py"): "what an older version called the lot of an occasion",
    ("CouponId", "policies_campaigns.py"): "what an older version called the coupon of a grant",
}
"""Where a name is made that begins with no word, and why."""


class Made(NamedTuple):
    """A place where an id is made of parts: of which kind, in which file, and its first word."""

    kind: str
    file: str
    word: str | None


def made() -> Iterator[Made]:
    for folder in ("domain", "application", "adapters"):
        for path in sorted((ROOT / folder).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(func=ast.Name(id=kind), args=[ast.JoinedStr(values=[first, *_])]):
                        yield Made(kind, path.name, word(first))
                    case ast.Call(
                        func=ast.Name(id=kind),
                        args=[ast.Call(func=ast.Name(id="named"), args=[first, *_])],
                    ):
                        yield Made(kind, path.name, word(first))
                    case _:
                        pass


def word(node: ast.expr) -> str | None:
    """The value of a constant of `names`, if that is what stands there."""
    inner = node.value if isinstance(node, ast.FormattedValue) else node
    return getattr(names, inner.id, None) if isinstance(inner, ast.Name) else None


def test_every_word_that_a_name_is_made_by_is_reserved_for_its_kind_and_no_other() -> None:
    found = defaultdict[str, set[str | None]](set)
    for one in made():
        if one.word is not None or (one.kind.endswith("Id") and one[:2] not in OTHERS):
            found[one.kind].add(one.word)

    assert found == RESERVED


def test_no_exception_is_left_of_what_is_gone() -> None:
    assert {(one.kind, one.file) for one in made() if one.word is None} >= OTHERS.keys()
