"""
The composition root: the one place that names concrete classes together.

What a host calls is in `regulars` itself.
"""

import logging
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from os import environ
from pathlib import Path
from secrets import token_bytes
from typing import Final, Literal, TypeAlias, cast, get_args

from sqlalchemy import func, select

from regulars.adapters.blinding import KeyedBlinder
from regulars.adapters.clock import SystemClock
from regulars.adapters.codec import encode
from regulars.adapters.database import Database
from regulars.adapters.dialect import Synchronous
from regulars.adapters.envelope import ALGORITHMS, Sealing
from regulars.adapters.host_transaction import HostTransaction
from regulars.adapters.key_file import KeyFile, key_file_beside
from regulars.adapters.key_ring import (
    KeyRing,
    NoKeys,
    UnusableKeys,
    create_key_file,
    parse_keys,
)
from regulars.adapters.keys import KEYS, SqlKeyStore
from regulars.adapters.keys_database import KeysElsewhere, check_kept_here, keys_apart
from regulars.adapters.normalisers import check_region, dialled
from regulars.adapters.policy_file import read_policy
from regulars.adapters.program_file import read_program
from regulars.adapters.settings import check_choice, check_opens_numbers, check_span
from regulars.adapters.storage import SqlStorage
from regulars.adapters.vault import EnvelopeVault
from regulars.application.ahead import A_DAY
from regulars.application.asking import Asking
from regulars.application.calling import Calling
from regulars.application.catalogue import KEPT, VIEWS
from regulars.application.contacts import Contacts
from regulars.application.crm import Crm
from regulars.application.door import Door
from regulars.application.erasing import Erasing
from regulars.application.erasure_sinks import ErasureSink, SnapshotSink
from regulars.application.erasures import Erasures
from regulars.application.fields import check_id
from regulars.application.gate import Gate
from regulars.application.handling import Commands
from regulars.application.joined import Joined
from regulars.application.key_history import KeyHistory
from regulars.application.key_rotation import (
    KeyEncryptionKeys,
    KeyRotation,
)
from regulars.application.keys import KeyStore
from regulars.application.lookup import Lookup
from regulars.application.number_protection import NoNumbers, NumberProtection
from regulars.application.ports import Clock
from regulars.application.projecting import Projector
from regulars.application.protecting import FOLLOWER, Protecting
from regulars.application.retaining import Retaining
from regulars.domain.evidence import Traces
from regulars.domain.reading import (
    DEFAULT_POLICY,
    ReadingPolicy,
)
from regulars.domain.values import (
    ProgramId,
)

_LOG: Final = logging.getLogger("regulars")
_KMS: Final = "kms://"
_KEYS_VARIABLE: Final = "REGULARS_KEYS"

_Views: TypeAlias = Literal["inline", "deferred"]
_Contacts: TypeAlias = Literal["unique", "shared"]


def connect(  # noqa: PLR0913 - settings of a host, each by name
    database: str = "sqlite:///regulars.db",
    *,
    tenant: str = "default",
    program: Path | str | None = None,
    program_id: str = "default",
    keys: Path | str | KeyEncryptionKeys | None = None,
    keyless: bool = False,
    keys_database: str | None = None,
    sealing: Sealing = "aes-256-gcm",
    views: _Views = "inline",
    synchronous: Synchronous = "FULL",
    busy_seconds: float = 30,
    create: bool = True,
    read_only: bool = False,
    clock: Clock | None = None,
    erasure_sinks: Sequence[ErasureSink] = (),
    policy: ReadingPolicy | Path | str = DEFAULT_POLICY,
    environment: Mapping[str, str] | None = None,
    contacts: _Contacts | None = None,
    region: str | None = None,
    numbers: NumberProtection | None = None,
    number_grace: timedelta = timedelta(0),
    ahead: timedelta | None = A_DAY,
) -> Crm:
    """
    Open the core over a database, its tables made if `create` allows and they are not there.

    Args:
        database: a URL: `sqlite:///relative/file.db`, `sqlite:////absolute/file.db`, or
            `sqlite://` for one in memory that ends with the connection; or, with the extra
            `postgres`, `postgresql://user@host/name`, where the tables stand in the schema that
            comes first in the connection's path, beside those of the host.
        tenant: whose data to work on; tenants of one database see nothing of each other.
        program: a TOML file of earning rules; what is new in it is published. Without one, a
            database that has no rules yet gets one point for each whole unit of money.
        program_id: the loyalty programme that orders earn in, the same for the life of a
            database: a refund takes points back in this programme only.
        keys: the file of the keys that personal data is sealed under. By default the contents of
            the variable REGULARS_KEYS, or else a file beside the database named like it, or like
            what it is a link to, with `.keys` added, made for a new database; PostgreSQL needs one
            of the first two. Keep it apart from backups of the database: together they reveal
            everything, and without it nobody can read personal data again.
            `kms://alias/name`, or the ARN of a key in its place, names a key of AWS KMS, in the
            account and region of the process's environment (`regulars[aws]`); or hand in what
            wraps keys itself.
        keyless: whether no keys are looked for, because personal data is neither read nor written:
            its boxes stay shut, and a command that brings some raises `UnusableKeys`.
        keys_database: the URL of another database, in which the data keys are kept under the
            keys of the file, so that no backup of the log holds any. From the first time on it
            has to be named each time; it cannot be named for a log that has keys of its own.
        sealing: how personal data is encrypted from now on; what was sealed otherwise still opens.
            `aes-256-gcm-siv` is for hosts that may be cloned while they run, `chacha20-poly1305`
            for processors that do not know AES.
        views: `inline` folds views with each command, so that one reads what one wrote;
            `deferred` leaves them to `Crm.catch_up`.
        synchronous: FULL keeps every receipt through a power cut; NORMAL may lose the newest.
        busy_seconds: how long a command waits while others write, before the store is unavailable.
        create: whether a database that is not there is made, and a key file for one that has
            no keys yet; without it nothing is made, and nothing can be sealed without keys.
        read_only: whether nothing is made or written, for who may only read: an auditor's role,
            a standby, a copy on a disk that takes nothing. Commands, and all that is recorded
            before it is shown, as `Crm.reveal`, are refused (`StorageUnavailable`). Questions are
            answered as ever; what views lack is computed from the log for each answer.
        clock: tells when events are recorded; the system's by default.
        erasure_sinks: places of the host's that keep what was derived from personal data, told
            to let go of who is erased.
        policy: who may read which personal data for what, how much of it, and how long it is
            kept (`Crm.retention`): as a value, or as a TOML file; see docs/privacy.md.
        environment: where REGULARS_KEYS is looked up; the process's own by default.
        contacts: keeps an index of phone numbers and e-mail addresses for `Crm.find_customer`,
            from now on and for every process: `unique` refuses one that another customer has,
            `shared` does not. By default it is as the database has it: without one at first.
            Needs the extra `lookup`; a log that has events is to be filled in: `Crm.lookup`.
        region: the country whose phone numbers need no country code, such as CN.
        numbers: who has virtual numbers, which `Crm.protection` binds for orders; without one,
            courier, merchant and customer meet in the order's chat, as they do where a phone
            number cannot be read. Needs the extra `lookup`, and a policy that lets them be opened.
        number_grace: how long they reach each other after an order is completed; seven days at
            most.
        ahead: how far beyond the clock the moment of a command may lie, a year at most; what is
            dated later is refused as `TooFarAhead`. None believes any, for logs whose clock is
            not that of this machine; see docs/embedding.md.

    Raises:
        StorageUnavailable: the database cannot be opened or made.
        NotOurDatabase: the file is something else, or of a newer version.
        OlderFormat: its tables are of an older format: see `migrate`.
        UnusableKeys: the key file is missing although keys were wrapped with it, or malformed.
        UnusableProgram: the programme's file cannot be used.
        UnusablePolicy: the policy's file cannot be used.
        ContactsShared: contacts are to be unique, and customers share some.
        UnusableIndex: the extra is missing, there is no such region, or the index was begun with
            another.
        InvalidId: the tenant is blank, too long or no text.
        ValueError: a setting is none of what it can be.
    """
    check_id("tenant", tenant)
    check_choice("sealing", sealing, tuple(ALGORITHMS))
    check_choice("views", views, get_args(_Views))
    check_span("ahead", ahead)
    if contacts is not None:
        check_choice("contacts", contacts, get_args(_Contacts))
    rules = policy if isinstance(policy, ReadingPolicy) else read_policy(Path(policy))
    opened = Database(
        database,
        synchronous=synchronous,
        create=create,
        busy_seconds=busy_seconds,
        read_only=read_only,
    )
    kept = opened
    try:
        if keyless:
            ring: KeyEncryptionKeys = NoKeys(opened.name, why="was opened without keys")
        else:
            if keys_database is None:
                check_kept_here(opened)
            else:
                kept = keys_apart(
                    opened,
                    keys_database,
                    create=create and not read_only,
                    busy_seconds=busy_seconds,
                    read_only=read_only,
                )
            variables = environ if environment is None else environment
            ring = _key_ring(opened, kept, keys, variables, create=create and not read_only)
        time = clock or SystemClock()

        def core(over: Database, storage: SqlStorage) -> Crm:
            store = SqlKeyStore(over if kept is opened else kept)
            vault = EnvelopeVault(
                tenant,
                store,
                ring,
                history=KeyHistory(storage.log),
                clock=time,
                algorithm=ALGORITHMS[sealing],
            )
            blinder = KeyedBlinder(tenant, store, ring, clock=time)
            projector = Projector(storage, VIEWS)
            inline = views == "inline"
            commands = Commands(
                storage=storage,
                door=Door(
                    tenant=tenant,
                    vault=vault,
                    stored_as=storage.log.stored_as,
                    encode=encode,
                    contacts=Contacts(storage.contacts, blinder),
                    policy=rules,
                ),
                clock=time,
                projector=projector,
                inline=inline,
                program=ProgramId(program_id),
                ahead=ahead,
            )
            scrub = over.scrub if kept is opened else scrubbed
            gate = Gate(log=storage.log, vault=vault, commands=commands, clock=time, policy=rules)
            return Crm(
                storage=storage,
                vault=vault,
                keys=KeyRotation(
                    store, ring, alone=storage.transaction, begin_anew=vault.renounce_marks
                ),
                commands=commands,
                gate=gate,
                projector=projector,
                asking=Asking(
                    storage=storage,
                    commands=commands,
                    projector=projector,
                    clock=time,
                    inline=inline,
                    read_only=read_only,
                ),
                lookup=lambda lock: Lookup(
                    storage=storage, vault=vault, blinder=blinder, gate=gate, scrub=scrub, lock=lock
                ),
                protection=lambda crm, lock: Protecting(
                    storage=storage,
                    calling=Calling(
                        storage=storage,
                        gate=gate,
                        clock=time,
                        dialled=lambda phone: dialled(phone, region),
                        lock=lock,
                    ),
                    numbers=numbers or NoNumbers(),
                    clock=time,
                    record=lambda command: crm.execute(command, by=FOLLOWER),
                    lock=lock,
                    grace=number_grace,
                ),
                program_id=ProgramId(program_id),
                join=join,
                erasures=lambda lock: Erasures(
                    Erasing(
                        lock=lock,
                        storage=storage,
                        vault=vault,
                        keys=cast("KeyStore", KeysElsewhere(opened)) if keyless else store,
                        commands=commands,
                        clock=time,
                        tenant=tenant,
                        sinks=(SnapshotSink(storage), storage.contacts, *erasure_sinks),
                        scrub=scrub,
                    )
                ),
                retention=lambda lock, erasures: Retaining(
                    lock,
                    storage=storage,
                    commands=commands,
                    erasures=erasures,
                    clock=time,
                    rules=rules.retention,
                ),
                close=closed if over is opened else over.close,
            )

        def scrubbed() -> Traces:
            opened.scrub()
            return kept.scrub()

        def closed() -> None:
            opened.close()
            kept.close()

        @contextmanager
        def join(connection: object) -> Generator[Joined]:
            with closing(HostTransaction(opened, connection)) as host:
                storage = SqlStorage(host, KEPT, tenant=tenant)
                yield Joined(lambda: core(host, storage))

        if numbers is not None:
            _check_numbers(region, rules)
        crm = core(opened, SqlStorage(opened, KEPT, tenant=tenant))
        if contacts is not None:
            crm.lookup.keep(unique=contacts == "unique", region=region)
        if program is not None:
            crm.publish(
                read_program(
                    Path(program),
                    program_id=ProgramId(program_id),
                    now=(clock or SystemClock()).now(),
                )
            )
    except BaseException:
        opened.close()
        kept.close()
        raise
    return crm


def _check_numbers(region: str | None, policy: ReadingPolicy) -> None:
    check_region(region)
    check_opens_numbers(policy)


def _key_ring(
    database: Database,
    kept: Database,
    keys: Path | str | KeyEncryptionKeys | None,
    environment: Mapping[str, str],
    *,
    create: bool,
) -> KeyEncryptionKeys:
    if keys is not None and not isinstance(keys, (str, Path)):
        return keys
    if isinstance(keys, str) and keys.startswith(_KMS):
        return _kms_keys(keys)
    if keys is None and environment.get(_KEYS_VARIABLE):
        return parse_keys(environment[_KEYS_VARIABLE], source=_KEYS_VARIABLE)
    if keys is None and kept.dialect.passing:
        return KeyRing({"in-memory": token_bytes(32)}, active="in-memory")
    beside = None if database.path is None else key_file_beside(database.path)
    path = beside if keys is None else Path(keys)
    if path is None:
        why = "no keys are given, and there is no file to keep them beside: name a file of keys"
        raise UnusableKeys(source=database.name, why=f"{why}, or set {_KEYS_VARIABLE}")
    if not path.exists():
        wrapped = kept.connection.scalar(select(func.count()).where(KEYS.c.wrapped.is_not(None)))
        if wrapped:
            why = f"is missing, and {wrapped} keys of {kept.name} were wrapped with it"
            raise UnusableKeys(source=str(path), why=why)
        if not create:
            return NoKeys(str(path))
        try:
            create_key_file(path)
        except FileExistsError:
            return KeyFile(path)
        _LOG.warning(
            "made the key file %s: personal data in %s is sealed under it; keep it safe and apart"
            " from backups of the database, for without it nobody can read that data again",
            path,
            database.name,
        )
    return KeyFile(path)


def _kms_keys(url: str) -> KeyEncryptionKeys:
    try:
        from regulars.adapters.aws_kms import kms_keys  # noqa: PLC0415 - not every host has boto3
    except ModuleNotFoundError:
        why = "needs boto3: install regulars[aws]"
        raise UnusableKeys(source=url, why=why) from None
    return kms_keys(url)
