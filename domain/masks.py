"""
Masks: what is left of a personal value for who has to recognise it and need not know it.

Nothing here raises, and a mask tells no more than its kind allows. What a reader sees as one
letter, an emoji or a letter with its accents, is shown whole or hidden whole.
"""

import re
from typing import Final, assert_never
from unicodedata import category, combining

from attrs import evolve

from regulars.domain.personal import Address, Contact, Content, Identity, Payment, Personal, Profile

_HIDDEN: Final = "*"
_PHONE_ENDS: Final = (3, 4)
_CARD_TAIL: Final = 4
_JOINER: Final = "\u200d"
_FLAGS: Final = range(0x1F1E6, 0x1F200)
_SKINS: Final = range(0x1F3FB, 0x1F400)
_TAGS: Final = range(0xE0000, 0xE0080)
_VOWELS_AND_FINALS: Final = range(0x1160, 0x1200)
_PROVINCE: Final = re.compile(
    "(?:北京|天津|上海|重庆)市"
    "|(?:河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西"
    "|甘肃|青海|台湾)省"
    "|(?:内蒙古|广西壮族|西藏|宁夏回族|新疆维吾尔)自治区|(?:香港|澳门)特别行政区"
)
_MUNICIPALITY: Final = re.compile("(?:北京|天津|上海|重庆)市")
_NO_PLACE: Final = (
    "小区|社区|园区|校区|厂区|街区|院区|景区|城市|超市|菜市|夜市|早市|花市|集市|门市|闹市"
)
_INSIDE: Final = rf"(?:(?!{_NO_PLACE}|[街路巷弄号收转]|\d)\w){{1,8}}?"
_CITY: Final = re.compile(rf"{_INSIDE}(?:市|自治州|地区|盟)")
_DOMAIN: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_DISTRICT: Final = re.compile(rf"{_INSIDE}(?:区|县|旗)")

COMPOUND_SURNAMES: Final = frozenset(
    "欧阳 歐陽 太史 端木 上官 司马 司馬 东方 東方 独孤 獨孤 南宫 南宮 万俟 闻人 聞人 夏侯 诸葛 諸葛"
    " 尉迟 尉遲 公羊 赫连 赫連 澹台 澹臺 皇甫 宗政 濮阳 濮陽 公冶 太叔 申屠 公孙 公孫 慕容 仲孙"
    " 仲孫 钟离 鍾離 长孙 長孫 宇文 司徒 鲜于 鮮于 司空 闾丘 閭丘 子车 子車 亓官 司寇 巫马 巫馬"
    " 公西 颛孙 顓孫 壤驷 壤駟 公良 漆雕 乐正 樂正 宰父 谷梁 穀梁 拓跋 夹谷 夾谷 轩辕 軒轅 令狐"
    " 段干 百里 呼延 东郭 東郭 南门 南門 羊舌 微生 梁丘 左丘 东门 東門 西门 西門 第五".split()
)
"""Chinese surnames of two characters that are still borne."""


def graphemes(text: str) -> list[str]:
    """
    What a reader sees as single letters, so that none is ever cut in two.

    The rules of Unicode annex 29 that matter in names: combining marks, emoji joined or with a
    skin, flags in pairs, Korean syllables written as their letters.
    """
    found: list[str] = []
    for letter in text:
        if found and _continues(found[-1], letter):
            found[-1] += letter
        else:
            found.append(letter)
    return found


def _continues(before: str, letter: str) -> bool:
    code = ord(letter)
    if combining(letter) or category(letter) in {"Mn", "Mc", "Me"} or letter == _JOINER:
        return True
    if code in _SKINS or code in _TAGS or code in _VOWELS_AND_FINALS:
        return True
    if code in _FLAGS:
        return len(before) == 1 and ord(before) in _FLAGS
    return before[-1] == _JOINER


def name(text: str) -> str:
    """
    The surname of a Chinese name, or the first letter of each other word.

    张三 is 张*, 欧阳娜娜 is 欧阳**, Anna Berg is A*** B***; a name of one letter is hidden.
    """
    words = text.split()
    if len(words) == 1 and all(_is_han(letter) for letter in words[0]):
        shown = 2 if words[0][:2] in COMPOUND_SURNAMES and len(words[0]) > 2 else 1  # noqa: PLR2004 - letters
        return _first(words[0], shown)
    return " ".join(_first_letter(word) for word in words)


def _is_han(letter: str) -> bool:
    return "\u3400" <= letter <= "\u9fff" or "\U00020000" <= letter <= "\U000323af"


def _first(text: str, shown: int) -> str:
    hidden = len(text) - shown
    return text[:shown] + _HIDDEN * hidden if hidden > 0 else _HIDDEN


def _first_letter(word: str) -> str:
    letters = graphemes(word)
    return letters[0] + _HIDDEN * 3 if len(letters) > 1 else _HIDDEN


def phone(text: str) -> str:
    """
    The first three digits and the last four, `138****1234`; of a short number the last two.

    Never more than half of the digits; a plus stays, spaces and dashes go.
    """
    digits = [letter for letter in text if letter.isdigit()]
    plus = "+" if text.strip().startswith(("+", "\uff0b")) else ""
    head, tail = _PHONE_ENDS
    if len(digits) < head + tail + 4:
        shown = min(2, len(digits) // 4)
        return plus + _HIDDEN * 4 + "".join(digits[len(digits) - shown :])
    hidden = len(digits) - head - tail
    return plus + "".join(digits[:head]) + _HIDDEN * hidden + "".join(digits[-tail:])


def email(text: str) -> str:
    """The first letter and the domain, `a***@example.com`; what is no address is hidden whole."""
    local, _, domain = text.strip().rpartition("@")
    if not local or not _DOMAIN.fullmatch(domain) or "@" in local or '"' in local:
        return _HIDDEN * 3
    letters = graphemes(local)
    return (letters[0] if len(letters) > 1 else "") + f"{_HIDDEN * 3}@{domain}"


def address(text: str) -> str:
    """
    The province, city and district of a Chinese address that begins with its province.

    The street and the house are hidden, and so is all of any other address: where a town stands
    in it, and where the name of who lives there, its letters do not say.
    """
    rest, parts = text.strip(), ""
    province = _PROVINCE.match(rest)
    # A municipality has districts and no city within: whatever ends like one there is a street.
    within = (_DISTRICT,) if _MUNICIPALITY.match(rest) else (_CITY, _DISTRICT)
    for part in (_PROVINCE, *within) if province else ():
        if found := part.match(rest):
            parts, rest = parts + found.group(), rest[found.end() :]
    return (parts if rest else "") + _HIDDEN * 4


def card(text: str) -> str:
    """The last four digits of a card, `**** 1234`; of fewer than eight digits none."""
    digits = [letter for letter in text if letter.isdigit()]
    if len(digits) < 2 * _CARD_TAIL:
        return _HIDDEN * 4
    return f"{_HIDDEN * 4} {''.join(digits[-_CARD_TAIL:])}"


def hidden(text: str) -> str:
    """Nothing of it, not even how long it is."""
    return _HIDDEN * 4 if text else ""


def masked(value: Personal) -> Personal:
    """
    The same kind of value with every field masked; what was not given stays so.

    Of a profile nothing but which fields there are is left, and no birth date; a text that a
    person wrote is hidden, as are the cells of columns.
    """
    match value:
        case Contact():
            return Contact(
                name=None if value.name is None else name(value.name),
                phone=None if value.phone is None else phone(value.phone),
                email=None if value.email is None else email(value.email),
            )
        case Address():
            return evolve(value, text=address(value.text))
        case Payment():
            return Payment(
                card_tail=card(value.card_tail),
                issuer=None if value.issuer is None else hidden(value.issuer),
            )
        case Identity():
            return Identity(
                real_name=name(value.real_name),
                document_number=(
                    None if value.document_number is None else hidden(value.document_number)
                ),
            )
        case Profile():
            return Profile(
                gender=None if value.gender is None else hidden(value.gender),
                occupation=None if value.occupation is None else hidden(value.occupation),
            )
        case Content():
            return Content(
                text=None if value.text is None else hidden(value.text),
                extra=tuple((column, hidden(cell)) for column, cell in value.extra),
            )
        case _:
            assert_never(value)
