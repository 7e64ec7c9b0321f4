"""What every `ContactIndex` promises."""

from abc import ABC, abstractmethod
from typing import Final

from attrs import evolve

from regulars.application.contact_index import ContactField, ContactIndex, IndexVersion, Token
from regulars.domain.personal import DataClass

FIRST: Final = IndexVersion(
    version=1, normaliser=3, region="CN", unique=True, full=False, position=7, left_out=2
)
SECOND: Final = IndexVersion(version=2, normaliser=1, region=None, unique=False, full=True)
CONTACTS: Final = (DataClass.ADDRESS, DataClass.CONTACT)


def token(
    letter: str, *, version: int = 1, kind: ContactField = ContactField.PHONE, normaliser: int = 1
) -> Token:
    """A token of its own for each letter."""
    return Token(kind=kind, version=version, normaliser=normaliser, value=letter.encode() * 32)


class ContactIndexContract(ABC):
    """
    The promises of the `ContactIndex` port, a test each, for a subclass that pytest collects.

    Every test has an instance of its own and begins with a place that has nothing in it.
    """

    @abstractmethod
    def open(self, tenant: str) -> ContactIndex:
        """Opens the index of a tenant; all are in one place."""

    def test_a_new_place_keeps_no_index(self) -> None:
        index = self.open("shop")

        assert list(index.versions()) == []
        assert index.holders([token("a")]) == {}
        assert index.count(1) == 0

    def test_versions_come_back_whole_and_oldest_first(self) -> None:
        index = self.open("shop")
        index.keep(SECOND)
        index.keep(FIRST)

        assert list(index.versions()) == [FIRST, SECOND]

    def test_what_is_known_of_a_version_is_replaced(self) -> None:
        index = self.open("shop")
        index.keep(FIRST)
        further = evolve(FIRST, full=True, unique=False, position=2**40, left_out=3)

        index.keep(further)

        assert list(index.versions()) == [further]

    def test_everybody_who_has_a_token_is_found_and_nobody_else(self) -> None:
        index = self.open("shop")
        index.put("customer/ada", [token("a"), token("b")], versions=[1])
        index.put("customer/bob", [token("a")], versions=[1])

        assert index.holders([token("a"), token("b"), token("c")]) == {
            token("a"): {"customer/ada", "customer/bob"},
            token("b"): {"customer/ada"},
        }

    def test_a_token_is_told_apart_by_everything_it_stands_for(self) -> None:
        index = self.open("shop")
        others = [
            token("a", version=2),
            token("a", kind=ContactField.EMAIL),
            token("a", normaliser=2),
            token("A"),
        ]
        index.put("customer/ada", [token("a")], versions=[1])

        assert index.holders(others) == {}
        for number, other in enumerate(others):
            index.put(f"customer/{number}", [other], versions=[other.version])
        assert index.holders([token("a")]) == {token("a"): {"customer/ada"}}

    def test_new_tokens_take_the_place_of_the_old_in_the_same_versions_only(self) -> None:
        index = self.open("shop")
        index.put("customer/ada", [token("a"), token("b", version=2)], versions=[1, 2])
        index.put("customer/bob", [token("a")], versions=[1])

        index.put("customer/ada", [token("c")], versions=[1])

        assert index.holders([token("a"), token("b", version=2), token("c")]) == {
            token("a"): {"customer/bob"},
            token("b", version=2): {"customer/ada"},
            token("c"): {"customer/ada"},
        }
        index.put("customer/ada", [], versions=[1, 2])
        assert index.holders([token("b", version=2), token("c")]) == {}

    def test_putting_the_same_twice_changes_nothing(self) -> None:
        index = self.open("shop")
        for _ in range(2):
            index.put("customer/ada", [token("a")], versions=[1])

        assert index.count(1) == 1

    def test_those_who_share_a_token_are_told_in_order_and_nobody_else(self) -> None:
        index = self.open("shop")
        mail = token("a", kind=ContactField.EMAIL)
        index.put("customer/eve", [token("b"), mail], versions=[1])
        index.put("customer/bob", [token("a"), mail], versions=[1])
        index.put("customer/ada", [token("a"), token("z"), token("b", version=2)], versions=[1, 2])
        index.put("customer/dan", [token("b"), token("a", normaliser=2)], versions=[1])
        for other in ("customer/ada", "customer/bob"):
            index.put(other, [token("c", version=3)], versions=[3])

        assert list(index.shared(1)) == [
            (ContactField.EMAIL, ("customer/bob", "customer/eve")),
            (ContactField.PHONE, ("customer/ada", "customer/bob")),
            (ContactField.PHONE, ("customer/dan", "customer/eve")),
        ]
        assert list(index.shared(2)) == []

    def test_a_version_goes_with_all_its_tokens(self) -> None:
        index = self.open("shop")
        for version in (FIRST, SECOND):
            index.keep(version)
        index.put("customer/ada", [token("a"), token("a", version=2)], versions=[1, 2])

        index.drop(1)
        index.drop(1)

        assert list(index.versions()) == [SECOND]
        assert (index.count(1), index.count(2)) == (0, 1)
        assert index.holders([token("a")]) == {}

    def test_a_subject_is_forgotten_whatever_tokens_it_had(self) -> None:
        index = self.open("shop")
        index.put("customer/ada", [token("a"), token("b"), token("a", version=2)], versions=[1, 2])
        index.put("customer/bob", [token("a")], versions=[1])

        assert index.forget(["customer/ada", "customer/nobody"], CONTACTS) == 3
        assert index.forget(["customer/ada"], CONTACTS) == 0
        assert index.holders([token("a"), token("b")]) == {token("a"): {"customer/bob"}}

    def test_a_subject_whose_contacts_stay_is_not_forgotten(self) -> None:
        index = self.open("shop")
        index.put("customer/ada", [token("a")], versions=[1])

        assert index.forget(["customer/ada"], [DataClass.ADDRESS]) == 0
        assert index.count(1) == 1

    def test_an_erasure_can_name_the_place(self) -> None:
        assert self.open("shop").name

    def test_tenants_see_nothing_of_each_other(self) -> None:
        mine, theirs = self.open("shop"), self.open("other")
        mine.keep(FIRST)
        mine.put("customer/ada", [token("a")], versions=[1])

        assert list(theirs.versions()) == []
        assert (theirs.holders([token("a")]), theirs.count(1)) == ({}, 0)
        theirs.put("customer/ada", [token("a")], versions=[1])
        assert list(theirs.shared(1)) == []
        assert theirs.forget(["customer/ada"], CONTACTS) == 1
        theirs.drop(1)
        assert list(mine.versions()) == [FIRST]
        assert mine.holders([token("a")]) == {token("a"): {"customer/ada"}}
