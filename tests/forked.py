"""
Processes of their own that run a module or a script, as `python` would, but begin at once.

They are forked from a process that has imported the product and does nothing else: to import it
takes longer than most of them then work. They are killed, waited for and talked to like others.
"""

import os
import sys
from collections.abc import Mapping
from contextlib import chdir, suppress
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.forkserver import ensure_running
from os import environ
from pathlib import Path
from runpy import run_module
from subprocess import TimeoutExpired
from typing import Final, Self

ROOT: Final = Path(__file__).parents[1]
_SCRIPT: Final = "-c"
_IMPORTED: Final = [
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "regulars.adapters.cli",
    "regulars.testing",
]


class Forked:
    """
    A process that runs a module with these words, or for `-c` the script that they begin with.

    `stdin` and `stdout` lead to it. What it says on its standard error goes where ours goes.
    """

    def __init__(
        self, module: str, *words: str, cwd: Path = ROOT, environment: Mapping[str, str] = environ
    ) -> None:
        context = _forks()
        told, stdin = context.Pipe(duplex=False)
        stdout, said = context.Pipe(duplex=False)
        with told, stdin, stdout, said, Connection(os.dup(2), readable=False) as complained:
            self._process = context.Process(
                target=_run,
                args=(module, words, str(cwd), dict(environment), (told, said, complained)),
                daemon=True,
            )
            self._process.start()
            self.stdin = open(os.dup(stdin.fileno()), "w", encoding="utf-8")  # noqa: PTH123, SIM115 - no path
            self.stdout = open(os.dup(stdout.fileno()), encoding="utf-8")  # noqa: PTH123, SIM115 - no path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        with suppress(BrokenPipeError):
            self.stdin.close()
        self.wait()

    def poll(self) -> int | None:
        """How it ended, less than 0 if it was killed; None while it runs."""
        return self._process.exitcode

    def kill(self) -> None:
        """Kill it, in whatever it is doing."""
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """
        How it ended, once it did.

        Raises:
            TimeoutExpired: it runs on after so many seconds.
        """
        self._process.join(timeout)
        if (ended := self._process.exitcode) is None:
            raise TimeoutExpired(self._process.name, timeout or 0)
        return ended

    def answer(self, told: str = "") -> str:
        """What it still says to its end, after it was told this."""
        with suppress(BrokenPipeError):
            self.stdin.write(told)
            self.stdin.close()
        said = self.stdout.read()
        self.wait()
        return said


@cache
def _forks() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    with chdir(ROOT):  # what it imports is found from there
        ensure_running()
    return context


def _run(
    module: str,
    words: tuple[str, ...],
    cwd: str,
    environment: dict[str, str],
    ends: tuple[Connection, Connection, Connection],
) -> None:
    sys.stdin.close()  # or it would close what takes its number
    for number, end in enumerate(ends):
        os.dup2(end.fileno(), number)
        end.close()
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - no path
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - no path
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115 - no path
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *words]
    if module == _SCRIPT:
        script, *sys.argv[1:] = words
        exec(script, {"__name__": "__main__"})  # noqa: S102 - as `python -c` does
    else:
        run_module(module, run_name="__main__", alter_sys=True)
