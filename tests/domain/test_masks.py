from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain import masks
from regulars.domain.masks import graphemes, masked
from regulars.domain.personal import (
    Address,
    Contact,
    Content,
    Identity,
    Payment,
    Personal,
    Profile,
)

ANYTHING = st.text(max_size=40)
WIDE = {ord(digit): 0xFEE0 + ord(digit) for digit in "0123456789"}
FAMILY = "👨‍👩‍👧"
MASKS = (masks.name, masks.phone, masks.email, masks.address, masks.card, masks.hidden)


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("张三", "张*"),
        ("张三丰", "张**"),
        ("欧阳娜娜", "欧阳**"),
        ("歐陽修", "歐陽*"),
        ("欧阳", "欧*"),
        ("张", "*"),
        ("𠮷野家", "𠮷**"),
        ("Anna Berg", "A*** B***"),
        ("  Anna  ", "A***"),
        ("A", "*"),
        ("É", "*"),
        ("E\u0301mile", "E\u0301***"),
        (f"{FAMILY}x", f"{FAMILY}***"),
        ("🇨🇳🇫🇷", "🇨🇳***"),
        ("👍🏽ok", "👍🏽***"),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "\u1112\u1161\u11ab***"),
        ("क्षमा", "क्***"),
        ("张Anna", "张***"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_a_name_keeps_its_surname_or_its_initials(name: str, mask: str) -> None:
    assert masks.name(name) == mask


@pytest.mark.parametrize(
    ("phone", "mask"),
    [
        ("13812341234", "138****1234"),
        ("+86 138 1234 1234", "+861******1234"),
        ("138-1234-1234", "138****1234"),
        ("13812341234".translate(WIDE), "138****1234".translate(WIDE)),
        ("5551234567", "****67"),
        ("12345", "****5"),
        ("911", "****"),
        ("", "****"),
        ("call me", "****"),
    ],
)
def test_a_phone_number_keeps_its_ends(phone: str, mask: str) -> None:
    assert masks.phone(phone) == mask


@pytest.mark.parametrize(
    ("email", "mask"),
    [
        ("anna@example.com", "a***@example.com"),
        ("a@example.com", "***@example.com"),
        ("é.b@例子.测试", "é***@例子.测试"),
        ("anna@localhost", "***"),
        ("anna@berg@example.com", "***"),
        ('"a b"@example.com', "***"),
        ("anna@example.com (Tel. 13812341234)", "***"),
        ("@example.com", "***"),
        ("anna", "***"),
        ("", "***"),
    ],
)
def test_an_email_address_keeps_its_domain(email: str, mask: str) -> None:
    assert masks.email(email) == mask


@pytest.mark.parametrize(
    ("address", "mask"),
    [
        ("北京市海淀区中关村大街1号", "北京市海淀区****"),
        ("广东省深圳市南山区科技园路2号3栋", "广东省深圳市南山区****"),
        ("内蒙古自治区呼和浩特市新城区1号", "内蒙古自治区呼和浩特市新城区****"),
        ("浙江省杭州市幸福小区3号楼501", "浙江省杭州市****"),
        ("北京市张三收海淀区1号", "北京市****"),
        ("上海市", "****"),
        ("北京市菜市口大街6号", "北京市****"),
        ("北京市中关村大街城市广场1号", "北京市****"),
        ("北京市海淀区王府超市3号楼501", "北京市海淀区****"),
        ("5市1号", "****"),
        ("海淀区中关村大街1号", "****"),
        ("王小明收海淀区中关村1号", "****"),
        ("幸福小区3号楼501", "****"),
        ("7 Harbour Street, Flat 2, Springfield", "****"),
        ("7 Harbour Street, c/o Anna Berg", "****"),
        ("7 Harbour Street", "****"),
        ("", "****"),
    ],
)
def test_an_address_keeps_its_district_and_hides_the_house(address: str, mask: str) -> None:
    assert masks.address(address) == mask


@pytest.mark.parametrize(
    ("card", "mask"),
    [("6222 0212 3456 7890", "**** 7890"), ("7890", "****"), ("", "****")],
)
def test_a_card_keeps_its_tail(card: str, mask: str) -> None:
    assert masks.card(card) == mask


@pytest.mark.parametrize(
    ("value", "mask"),
    [
        (
            Contact(name="张三", phone="13812341234", email="anna@example.com"),
            Contact(name="张*", phone="138****1234", email="a***@example.com"),
        ),
        (Contact(), Contact()),
        (Address(text="北京市海淀区1号"), Address(text="北京市海淀区****")),
        (
            Profile(birth_date=date(1990, 5, 1), gender="f", occupation="nurse"),
            Profile(gender="****", occupation="****"),
        ),
        (Profile(), Profile()),
        (
            Content(text="no onions", extra=(("note", "ring twice"), ("floor", ""))),
            Content(text="****", extra=(("note", "****"), ("floor", ""))),
        ),
        (Content(), Content()),
        (Payment(card_tail="1234", issuer="CMB"), Payment(card_tail="****", issuer="****")),
        (Payment(card_tail="1234"), Payment(card_tail="****")),
        (
            Identity(real_name="张三", document_number="110101199003070000"),
            Identity(real_name="张*", document_number="****"),
        ),
        (Identity(real_name="张三"), Identity(real_name="张*")),
    ],
    ids=[
        *("contact", "nobody", "address", "profile", "nothing", "content", "no content"),
        *("card", "card of no issuer", "papers", "name alone"),
    ],
)
def test_a_value_is_masked_field_by_field(value: Personal, mask: Personal) -> None:
    assert masked(value) == mask


@given(ANYTHING)
def test_letters_are_never_lost_or_cut(text: str) -> None:
    assert "".join(graphemes(text)) == text


@given(ANYTHING)
def test_no_text_breaks_a_mask(text: str) -> None:
    assert all("*" in mask(text) or not text.strip() for mask in MASKS)


@given(st.lists(st.sampled_from("0123456789"), min_size=4, max_size=20).map("".join))
def test_a_masked_number_shows_at_most_seven_digits_and_hides_four_of_a_long_one(
    number: str,
) -> None:
    shown = sum(letter.isdigit() for letter in masks.phone(number))

    assert shown <= 7
    assert len(number) - shown >= min(len(number) - 1, 3)
    assert sum(letter.isdigit() for letter in masks.card(number)) in {0, 4}


WORDS = st.text(st.characters(categories=["Lu", "Ll", "Lo"], exclude_characters="省区市州盟县旗"))
HOUSES = WORDS.filter(lambda text: len(text) > 5)


@given(HOUSES)
def test_what_a_mask_hides_is_nowhere_in_it(secret: str) -> None:
    assert secret[1:] not in masks.name(f"X{secret}")
    assert secret not in masks.email(f"x{secret}@example.com")
    assert secret not in masks.address(f"北京市海淀区{secret}1号")
    assert secret not in masks.address(f"{secret}, Springfield")
    assert secret not in masks.hidden(secret)
