import sys
import sysconfig
from pathlib import Path
from subprocess import run

import grimp
import pytest


def lint(house: Path, *arguments: str) -> tuple[int, str]:
    tool = str(Path(sysconfig.get_path("scripts"), "lint-imports"))
    command = [tool, "--no-cache", *arguments]
    done = run(command, cwd=house, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_the_house_keeps_its_contracts(house: Path) -> None:
    code, said = lint(house)

    assert code == 0, said


@pytest.mark.parametrize(
    ("contract", "room", "line"),
    [
        ("layers", "domain", "import regulars.application"),
        ("layers", "domain", "import regulars.adapters"),
        ("layers", "application", "import regulars.adapters"),
        ("layers", "adapters", "import regulars.testing"),
        ("layers", "regulars/testing", "import regulars.adapters"),
        ("front", "adapters", "import regulars"),
        ("front", "domain", "from regulars import __doc__"),
        ("kit", "application", "import pytest"),
        ("kit", "adapters", "import regulars.testing.event_logs"),
        ("shipped", "regulars/testing", "from tests.contracts import broken_event_logs"),
        ("pure", "domain", "import time"),
        ("pure", "domain", "from os import environ"),
        ("core", "domain", "import sqlalchemy"),
        ("core", "application", "from msgspec import json"),
        ("eventsourcing", "application", "import eventsourcing.persistence"),
        ("eventsourcing", "regulars", "import eventsourcing.persistence"),
    ],
)
def test_a_wrong_import_breaks_its_contract(
    house: Path, contract: str, room: str, line: str
) -> None:
    (house / room / "planted.py").write_text(line)

    code, said = lint(house, "--contract", contract)

    assert (code, "BROKEN" in said) == (1, True), said


def test_a_folder_in_no_layer_breaks_the_contract(house: Path) -> None:
    (house / "regulars" / "kiosks").mkdir()
    (house / "regulars" / "kiosks" / "__init__.py").touch()

    code, said = lint(house, "--contract", "layers")

    assert (code, "regulars.kiosks" in said) == (1, True), said


@pytest.mark.parametrize("layer", ["regulars.domain", "regulars.application"])
def test_the_core_needs_attrs_and_the_standard_library_alone(layer: str) -> None:
    imports = grimp.build_graph("regulars", include_external_packages=True, cache_dir=None)

    needed = {
        imported
        for module in imports.find_descendants(layer)
        for imported in imports.find_modules_directly_imported_by(module)
    }

    foreign = {name for name in needed if name.split(".")[0] != "regulars"}
    assert foreign - sys.stdlib_module_names == {"attrs"}
