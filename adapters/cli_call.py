"""What every command is told: how to open the core, which database, and how to answer."""

from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import wraps
from pathlib import Path
from typing import Final, Literal, Protocol
from zoneinfo import ZoneInfo

import click
from attrs import frozen
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from regulars.adapters.cli_screen import Bars
from regulars.adapters.database import Database
from regulars.adapters.database_url import shown
from regulars.adapters.dialect import Synchronous
from regulars.adapters.tenants import refuse_unknown_tenant
from regulars.application.crm import Crm
from regulars.application.errors import InvalidId
from regulars.application.fields import FIRST_YEAR, LAST_YEAR, check_id
from regulars.application.programs import known_program
from regulars.domain.reading import DEFAULT_POLICY, ReadingPolicy
from regulars.domain.values import ProgramId

DATABASE: Final = "sqlite:///regulars.db"
"""The database of who names none."""

PROGRAM: Final = ProgramId("default")
"""The programme of who names none."""


class Connect(Protocol):
    """Opens the core, as `regulars.connect` does."""

    def __call__(  # noqa: PLR0913 - those of `regulars.connect`
        self,
        database: str,
        *,
        tenant: str = "default",
        program: Path | None = None,
        program_id: str = PROGRAM,
        keys: str | None = None,
        keys_database: str | None = None,
        keyless: bool = False,
        views: Literal["inline", "deferred"] = "inline",
        synchronous: Synchronous = "FULL",
        create: bool = True,
        read_only: bool = False,
        policy: ReadingPolicy | Path = DEFAULT_POLICY,
    ) -> Crm:
        """The core over `database`."""
        ...


@frozen(kw_only=True)
class Call:
    """
    One call of a command. `as_json` answers with JSON, and nothing else on standard output.

    A `keyless` one opens no box and seals none, and no key is looked for. `policy` is a file.
    """

    connect: Connect
    database: str
    tenant: str
    keys: str | None
    keys_database: str | None
    keyless: bool
    as_json: bool
    policy: Path | None = None

    def file(self) -> Path | None:
        """Where the database lies; None if it is no file, or the URL is none."""
        try:
            url = make_url(self.database)
        except (ArgumentError, ValueError):
            return None
        is_file = url.get_backend_name() == "sqlite" and url.database not in {None, ":memory:"}
        return Path(url.database or "") if is_file else None

    def named(self) -> str:
        """The database's URL without its password."""
        return shown(make_url(self.database))

    def record(self, *, program: Path | None = None, program_id: ProgramId = PROGRAM) -> Crm:
        """
        The core to import into, made if it is not there; views are left to `catch_up`.

        Orders earn in `program_id`, whose file is `program`.
        """
        # What a power cut takes from an import, the next run brings back.
        return self.connect(
            self.database,
            tenant=self.tenant,
            keys=self.keys,
            keys_database=self.keys_database,
            program=program,
            program_id=program_id,
            views="deferred",
            synchronous="NORMAL",
        )

    def open(self, program: ProgramId | None = None) -> Crm:
        """
        The core over a log that must be there; its views may be behind it.

        A `program` must be there too, and is the one that what is recorded earns in. Where the
        database may not be written, it is opened to read only.
        """
        with closing(Database(self.database, older=True, read_only=True)) as opened:
            refuse_unknown_tenant(opened, self.tenant)
            read_only = not opened.may_write
        crm = self.connect(
            self.database,
            tenant=self.tenant,
            program_id=PROGRAM if program is None else program,
            keys=self.keys,
            keys_database=self.keys_database,
            keyless=self.keyless,
            views="deferred",
            create=False,
            read_only=read_only,
            policy=DEFAULT_POLICY if self.policy is None else self.policy,
        )
        try:
            if program is not None:
                known_program(crm, program)
        except BaseException:
            crm.close()
            raise
        return crm

    def read(self, program: ProgramId | None = None) -> Crm:
        """The core as `open` gives it, its views brought up to its log if they may be."""
        crm = self.open(program)
        if crm.read_only:
            return crm
        try:
            with Bars() as bars:
                crm.catch_up(progress=lambda done, of: bars.tell("Updating views", done, of))
        except BaseException:
            crm.close()
            raise
        return crm


def call_options(
    *,
    database: str | None = DATABASE,
    shown: str | bool = True,
    keys: bool = True,
    tenant: bool = True,
    policy: bool = False,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """
    The options that every command has; the command takes a `Call` made of them first.

    Without `keys` there is no option for a key file, for commands that open no box; without
    `tenant` none for a tenant, for those that are about all of them. With `policy` there is one
    for who may read what, and what is kept for how long.
    """
    tenant_option: Callable[[Callable[..., None]], Callable[..., None]] = click.option(
        "--tenant",
        metavar="NAME",
        default="default",
        show_default=True,
        callback=_tenant_of,
        help="Whose data it is about, in a database that several share.",
    )
    if not tenant:
        tenant_option = _unchanged
    key_option: Callable[[Callable[..., None]], Callable[..., None]] = click.option(
        "--keys",
        metavar="FILE",
        help="The file of the keys that personal data is sealed under, if it is neither"
        " beside the database nor in the variable REGULARS_KEYS; or kms://alias/NAME of AWS KMS.",
    )
    apart_option: Callable[[Callable[..., None]], Callable[..., None]] = click.option(
        "--keys-database",
        metavar="URL",
        help="The database of the data keys, if they are kept apart from those of --database.",
    )
    has_keys = keys
    if not keys:
        key_option = apart_option = _unchanged

    with_policy = policy_option if policy else _unchanged

    def with_call(command: Callable[..., None]) -> Callable[..., None]:
        @click.option(
            "--database",
            metavar="URL",
            default=database,
            show_default=shown,
            help="The database, such as sqlite:///shop.db, sqlite:////var/lib/shop.db or"
            " postgresql://shop@localhost/shop.",
        )
        @tenant_option
        @key_option
        @apart_option
        @with_policy
        @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
        @wraps(command)
        def told(  # noqa: PLR0913 - one for each option
            *,
            database: str | None,
            tenant: str = "default",
            keys: str | None = None,
            keys_database: str | None = None,
            as_json: bool,
            policy: Path | None = None,
            **options: object,
        ) -> None:
            call = Call(
                connect=click.get_current_context().obj,
                database=database or "",
                tenant=tenant,
                keys=keys,
                keys_database=keys_database,
                keyless=not has_keys,
                as_json=as_json,
                policy=policy,
            )
            command(call, **options)

        return told

    return with_call


policy_option: Final[Callable[[Callable[..., None]], Callable[..., None]]] = click.option(
    "--policy",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The TOML file that says who may read what, and how long it is kept; see regulars policy.",
)
"""The option `--policy`."""


def _unchanged(command: Callable[..., None]) -> Callable[..., None]:
    return command


def _tenant_of(ctx: click.Context, param: click.Parameter, value: str) -> str:
    try:
        check_id("tenant", value)
    except InvalidId as error:
        raise click.BadParameter(str(error), ctx=ctx, param=param) from None
    return value


def _program_of(ctx: click.Context, param: click.Parameter, value: str | None) -> ProgramId | None:
    if value is None:
        return None
    try:
        check_id("program", value)
    except InvalidId as error:
        raise click.BadParameter(str(error), ctx=ctx, param=param) from None
    return ProgramId(value)


def examples(*lines: str) -> str:
    """The end of a help text, as it stands: click wraps whatever has no backspace before it."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def timezone_of(ctx: click.Context, param: click.Parameter, value: str | None) -> tzinfo | None:
    """The time zone of that name in the IANA database; for options that take one."""
    if value is None:
        return None
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise click.BadParameter(
            f"there is no time zone {value!r}; one is Europe/Berlin", ctx=ctx, param=param
        ) from None


def timezone_option(text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option `--timezone`, UTC by default."""
    return click.option(
        "--timezone",
        metavar="TZ",
        callback=timezone_of,
        default="UTC",
        show_default=True,
        help=text,
    )


def program_option(
    text: str = "The programme that is meant; regulars program list tells which there are.",
    *,
    name: str = "--program",
    every: bool = False,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option `--program`, `default` by default; with `every` None, which means all of them."""
    return click.option(
        name,
        metavar="ID",
        callback=_program_of,
        default=None if every else PROGRAM,
        show_default=True,
        help=text,
    )


as_of_option: Final = click.option(
    "--as-of",
    metavar="T",
    help="As it stood at that time, that instant included: 2024-05-31T18:00:00+02:00,"
    " 2024-05-31T18:00 on the clocks of --timezone, or 2024-05-31 for the end of that day.",
)
"""The option `--as-of`, to be read with `moment_of`."""


def moment_of(
    text: str | None,
    timezone: tzinfo,
    *,
    option: str = "--as-of",
    first: bool = False,
    recorded: bool = False,
) -> datetime | None:
    """
    The time that an option names: an ISO 8601 time, or a day, which means its last microsecond.

    Of a day it is the first where `first` is asked for. What is to be `recorded` lies in the years
    that events may lie in.

    Raises:
        click.BadParameter: it names none.
    """
    if text is None:
        return None
    at, year = None, 0
    with suppress(ValueError, OverflowError):
        end = None if first else _end_of_day(text, timezone)
        at = end or datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=timezone)
        year = at.astimezone(UTC).year
    if at is None or not year or (recorded and not FIRST_YEAR <= year <= LAST_YEAR):
        raise click.BadParameter(
            f"{text!r} is no time; times are 2024-05-31T18:00:00+02:00, 2024-05-31T18:00"
            " and 2024-05-31",
            param_hint=option,
        )
    return at


def _end_of_day(text: str, timezone: tzinfo) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    following = day + timedelta(days=1)
    midnight = datetime(following.year, following.month, following.day, tzinfo=timezone)
    # Counted back in UTC: on the clocks of a place, days have 23 hours and 25.
    return midnight.astimezone(UTC) - timedelta(microseconds=1)
