import tomllib

import pytest

from regulars.adapters.toml_file import Place, Written

TEXT = '''# a comment
name = "Club"
about = """
[[earning]]
points = 7
"""
list = [
    1,
    2,
]
a.b = { c = 1 }

[[earning]]
points = 1

[[earning]] # the second
[earning.deep]
per = "1"
'''


def line_of(text: str, place: Place) -> int:
    return Written(document=tomllib.loads(text), text=text).line_of(place)


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 1),
        (("name",), 2),
        (("about",), 3),
        (("list", 1), 7),
        (("a", "b", "c"), 11),
        (("earning",), 13),
        (("earning", 0, "points"), 14),
        (("earning", 1), 16),
        (("earning", 1, "deep", "per"), 18),
        (("earning", 1, "points"), 16),
        (("earning", 2), 13),
        (("name", "first"), 2),
        (("nothing",), 1),
    ],
)
def test_a_value_is_found_on_its_line_or_what_lacks_it(place: Place, line: int) -> None:
    assert line_of(TEXT, place) == line


@pytest.mark.parametrize("text", ["a = 1", "a = 1\n", "a = 1\r\n"])
def test_the_last_line_is_found_whatever_ends_it(text: str) -> None:
    assert line_of(f"b = 2\n{text}", ("a",)) == 2
