"""
The command line. Every command answers on standard output and says what went wrong in one line.

`adapters/cli_*.py` hold the commands by noun; `regulars/__main__.py` hands in what opens the core.
"""

import io
import logging
import sqlite3
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, NoReturn

import click
from sqlalchemy.exc import DBAPIError

from regulars.adapters.cli_access_log import access_log, reinstate
from regulars.adapters.cli_balance import balance
from regulars.adapters.cli_call import Connect
from regulars.adapters.cli_campaign import campaign
from regulars.adapters.cli_care import care
from regulars.adapters.cli_consent import consent
from regulars.adapters.cli_coupons import coupons
from regulars.adapters.cli_demo import NotADemo, demo
from regulars.adapters.cli_erase import UnknownSubject, erase, erasures
from regulars.adapters.cli_explain import UnknownLot, explain
from regulars.adapters.cli_export import export
from regulars.adapters.cli_find import find, index
from regulars.adapters.cli_hold import hold, holds, new_life, release
from regulars.adapters.cli_import import import_
from regulars.adapters.cli_keys import keys
from regulars.adapters.cli_liability import liability
from regulars.adapters.cli_log import events
from regulars.adapters.cli_log_group import log
from regulars.adapters.cli_member import member
from regulars.adapters.cli_merge import merge
from regulars.adapters.cli_points import points
from regulars.adapters.cli_policy import policy
from regulars.adapters.cli_profile import UnknownCustomer, profile
from regulars.adapters.cli_program import program
from regulars.adapters.cli_referral import referral
from regulars.adapters.cli_report import report
from regulars.adapters.cli_requests import requests
from regulars.adapters.cli_retention import retention
from regulars.adapters.cli_reveal import reveal
from regulars.adapters.cli_rights import lift, object_, restrict
from regulars.adapters.cli_screen import plain, warn
from regulars.adapters.cli_simulate import simulate
from regulars.adapters.cli_tier import tier
from regulars.adapters.cli_verify import rebuild, verify
from regulars.adapters.cli_what_if import what_if_
from regulars.adapters.cli_why_not import why_not
from regulars.adapters.complete_journey import DemoDataMissing
from regulars.adapters.erasure_register import UnusableRegister
from regulars.adapters.history_files import UnreadableHistory
from regulars.adapters.key_ring import UnusableKeys
from regulars.adapters.log_archive import UnusableArchive
from regulars.adapters.log_backup import UnusableBackup
from regulars.adapters.log_import import LogNotEmpty
from regulars.adapters.new_file import FileInTheWay
from regulars.adapters.order_file import UnusableOrder
from regulars.adapters.policy_file import UnusablePolicy
from regulars.adapters.program_file import UnusableProgram
from regulars.adapters.rejects_file import UnusableRejects
from regulars.adapters.tenants import UnknownTenant
from regulars.application.contacts import ContactsShared
from regulars.application.errors import (
    AlreadyRecorded,
    NotOurDatabase,
    OlderFormat,
    StaleHistory,
    StorageUnavailable,
    UndecodableEvent,
    UnknownView,
    UnusableIndex,
)
from regulars.application.holiday_calendar import NoCalendar
from regulars.application.key_rotation import CannotRetire, CannotRotate
from regulars.domain.values import Refusal

_STATUS: Final = """\b
Exit status:
  0    done
  1    done, with a finding: import left rows out, verify or check found something
       amiss, an erasure is not complete, a policy has mistakes, or reveal shows no value
  2    the command line is wrong
  3    it cannot be done: a file, the database or its keys, said in one line
  130  interrupted
"""

_FAILURES: Final = (
    AlreadyRecorded,
    CannotRetire,
    CannotRotate,
    ContactsShared,
    DemoDataMissing,
    FileInTheWay,
    LogNotEmpty,
    NoCalendar,
    NotADemo,
    NotOurDatabase,
    OlderFormat,
    Refusal,
    StaleHistory,
    StorageUnavailable,
    UndecodableEvent,
    UnknownCustomer,
    UnknownLot,
    UnknownSubject,
    UnknownTenant,
    UnusableArchive,
    UnusableBackup,
    UnusableIndex,
    UnreadableHistory,
    UnusableKeys,
    UnusableOrder,
    UnusableRegister,
    UnusablePolicy,
    UnusableProgram,
    UnusableRejects,
)
"""What may go wrong without anything being wrong with the program; the messages say where."""


class _Misused(click.ClickException):
    """The command line is wrong."""

    exit_code = 2


class _Failed(click.ClickException):
    """It cannot be done."""

    exit_code = 3


class _Interrupted(click.ClickException):
    """Somebody pressed Ctrl-C; the status is what shells give to that."""

    exit_code = 130


class _Front(click.Group):
    """Runs a command and turns what went wrong into one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click has it
        """In the order in which one meets them."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        try:
            return super().invoke(ctx)
        except click.UsageError as misuse:
            path = misuse.ctx.command_path if misuse.ctx else ctx.command_path
            message = misuse.format_message().rstrip(".")
            raise _Misused(plain(f"{message}; see {path} --help")) from None
        except UnknownView as unknown:
            raise _Misused(plain(str(unknown))) from None
        except UnicodeEncodeError:
            message = "an argument is no text: it has bytes that are not UTF-8"
            raise _Misused(message) from None
        except KeyboardInterrupt:
            raise _Interrupted("interrupted; what was recorded stands") from None
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise _Failed(plain(f"{where}{error.strerror or 'cannot be used'}")) from None
        except sqlite3.Error as error:
            raise _Failed(plain(f"the database: {error}")) from None
        except DBAPIError as error:
            raise _Failed(plain(f"the database: {error.orig}")) from None
        except _FAILURES as failure:
            raise _Failed(plain(str(failure))) from None


def _show_version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's
    if asked and not ctx.resilient_parsing:
        try:
            number = version("regulars")
        except PackageNotFoundError:
            number = "(not installed)"
        click.echo(f"regulars {number}")
        ctx.exit()


@click.group(epilog=_STATUS, cls=_Front, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def regulars(ctx: click.Context) -> None:
    """
    Turn a first order into a regular: an event-sourced customer and loyalty core.

    Everything is recorded as events in one database; every figure is computed from them and can
    be computed again. Start with `regulars demo`, or with `regulars import` and your own orders.

    Every command takes --json for an answer that a program can read, and every one that does not
    only look at a file takes --database URL, and --tenant NAME where tenants share one. What
    depends on a loyalty programme takes --program ID; `regulars program list` tells which there
    are.
    """
    ctx.with_resource(_warnings())


for _command in (
    *(demo, import_, program, what_if_, report, profile, member, balance, liability, points),
    *(tier, explain, why_not, simulate, campaign, care, coupons, referral),
    *(reveal, access_log, reinstate, export, find, index, merge),
    *(consent, object_, restrict, lift, erase),
    *(erasures, hold, release, holds, new_life, requests, retention, policy),
    *(events, rebuild, verify, keys, log),
):
    regulars.add_command(_command)


def run(connect: Connect) -> NoReturn:
    """The command line of this process, to its end."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may know fewer letters than we do
    regulars.main(prog_name="regulars", obj=connect)
    raise AssertionError("click ends the process")


class _Warnings(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        warn(plain(record.getMessage()))


@contextmanager
def _warnings() -> Generator[None]:
    """Shows the warnings of the core's log while a command runs."""
    log, shown = logging.getLogger("regulars"), _Warnings(logging.WARNING)
    log.addHandler(shown)
    try:
        yield
    finally:
        log.removeHandler(shown)
