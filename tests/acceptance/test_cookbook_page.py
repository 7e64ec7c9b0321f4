"""Every recipe of docs/cookbook.md runs, each from the beginning of the page on."""

import re
from pathlib import Path
from typing import Any, Final

import pytest

PAGE: Final = Path(__file__).parents[2] / "docs" / "cookbook.md"
RECIPE: Final = re.compile(r"^(?:## ([^\n]+)|```python\n(.*?)^```$)", re.DOTALL | re.MULTILINE)


def recipes() -> dict[str, str]:
    """The recipes by the heading under which they stand, and their number there."""
    found: dict[str, str] = {}
    heading, number = "", 0
    for title, block in RECIPE.findall(PAGE.read_text(encoding="utf-8")):
        if title:
            heading, number = title, 0
        else:
            number += 1
            found[f"{heading} {number}".strip()] = block
    return found


OPENING, *_ = recipes().values()


@pytest.mark.parametrize("recipe", [*recipes()][1:])
def test_a_recipe_runs(recipe: str) -> None:
    names: dict[str, Any] = {"__name__": recipe}
    script = compile(OPENING + recipes()[recipe], str(PAGE), "exec")
    try:
        exec(script, names)  # noqa: S102 - the page is ours
    finally:
        names["crm"].close()


def test_a_recipe_of_which_something_is_not_so_is_noticed() -> None:
    names: dict[str, Any] = {}
    with pytest.raises(AssertionError):
        exec(f"{OPENING}\nassert points(ada) == 1", names)  # noqa: S102 - as above
    names["crm"].close()
