"""UmaDB beside us: its server from the wheel that its Python client comes in."""

import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from socket import socket
from time import monotonic, sleep
from typing import Any, Final
from uuid import UUID

from regulars.adapters.codec import CODEC
from regulars.application.events import Pending

MISSING: Final = "UmaDB is not installed: pip install --group benchmarks"
_SERVE: Final = "from umadb.umadb_server_cli import main; main()"
_SECONDS: Final = 10


def is_installed() -> bool:
    """Whether there is an UmaDB to measure."""
    return find_spec("umadb") is not None


@contextmanager
def umadb_server(folder: Path) -> Generator[str]:
    """The URL of a server over a new folder, that ends with the block."""
    folder.mkdir()
    with closing(socket()) as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = (sys.executable, "-c", _SERVE, "--listen", address, "--db-path", str(folder))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - its own command
        try:
            url = f"http://{address}"
            _wait(url)
            yield url
        finally:
            process.terminate()


def _wait(url: str) -> None:
    umadb: Any = import_module("umadb")
    end = monotonic() + _SECONDS
    while True:
        try:
            umadb.Client(url).head()
        except umadb.TransportError:
            if monotonic() > end:
                raise
            sleep(0.05)
        else:
            return


class UmaClient:
    """Appends events one by one, each if nobody has added to its stream since."""

    def __init__(self, url: str) -> None:
        self._umadb: Any = import_module("umadb")
        self._client = self._umadb.Client(url)
        self._after: dict[str, int] = {}

    def append(self, events: Sequence[Pending]) -> None:
        """Append events, encoded meanwhile, each by a request of its own."""
        umadb, after = self._umadb, self._after
        for pending in events:
            name, _, body = CODEC.encode(pending.event)
            event = umadb.Event(
                name, body, tags=[pending.stream], uuid=UUID(bytes=pending.event_id)
            )
            ours = umadb.Query(items=[umadb.QueryItem(tags=[pending.stream])])
            condition = umadb.AppendCondition(ours, after=after.get(pending.stream))
            after[pending.stream] = self._client.append([event], condition)
