"""An exported log that comes from a pipe with a name, as a shell makes one of `<(zcat log.gz)`."""

import gzip
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from regulars.adapters.log_archive import UnusableArchive
from regulars.adapters.log_export import export_log
from regulars.adapters.log_import import import_log
from tests.adapters.log_files import hash_of, recorded_in, url_of
from tests.application.memory_crm import TENANT
from tests.application.shop_week import WEEK

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no such pipes")


@contextmanager
def piped(path: Path, content: bytes) -> Generator[Path]:
    """A pipe through which `content` comes once."""
    os.mkfifo(path)
    writer = Thread(target=path.write_bytes, args=(content,), daemon=True)
    writer.start()
    yield path
    writer.join(timeout=5)


@pytest.mark.parametrize("packed", [False, True])
def test_a_log_is_imported_out_of_a_pipe(tmp_path: Path, *, packed: bool) -> None:
    shop, copy = recorded_in(tmp_path / "shop.db", WEEK), tmp_path / "copy.db"
    file = tmp_path / "log.jsonl"
    export_log(url_of(shop), file, tenant=TENANT)
    content = file.read_bytes()

    with piped(tmp_path / "pipe", gzip.compress(content) if packed else content) as pipe:
        import_log(url_of(copy), pipe, tenant=TENANT)

    assert hash_of(copy) == hash_of(shop)


def test_what_is_no_log_is_told_by_the_name_of_the_pipe(tmp_path: Path) -> None:
    with (
        piped(tmp_path / "pipe", b"a cup\n") as pipe,
        pytest.raises(UnusableArchive) as refused,
    ):
        import_log(url_of(tmp_path / "copy.db"), pipe, tenant=TENANT)

    assert (refused.value.file, refused.value.line) == (str(tmp_path / "pipe"), 1)
