"""
Turn a first order into a regular: an event-sourced customer and loyalty core to embed.

    with regulars.connect("sqlite:///shop.db") as crm:
        crm.execute(PlaceOrder(...), by="checkout")
        crm.ask(PointsBalance(customer="ada"))

`connect` is the composition root: the one place that names concrete classes together.
"""

import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from os import environ
from pathlib import Path
from secrets import token_bytes
from typing import Final, Literal

from sqlalchemy import func, select

from regulars.adapters.blinding import KeyedBlinder
from regulars.adapters.clock import SystemClock
from regulars.adapters.codec import encode
from regulars.adapters.database import Database
from regulars.adapters.dialect import Synchronous
from regulars.adapters.host_transaction import HostTransaction
from regulars.adapters.key_ring import (
    KeyRing,
    NoKeys,
    UnusableKeys,
    create_key_file,
    parse_keys,
    read_key_file,
)
from regulars.adapters.keys import KEYS, SqlKeyStore
from regulars.adapters.log_archive import UnusableArchive
from regulars.adapters.log_backup import Backup, UnusableBackup, back_up, restore
from regulars.adapters.log_export import Archived, export_log
from regulars.adapters.log_import import LogNotEmpty, import_log
from regulars.adapters.log_migration import Migration, migrate, migration_sql
from regulars.adapters.log_status import check_log, log_status
from regulars.adapters.new_file import FileInTheWay
from regulars.adapters.program_file import UnusableProgram, read_program
from regulars.adapters.storage import SqlStorage
from regulars.adapters.vault import EnvelopeVault
from regulars.application.batch import Receipt
from regulars.application.contacts import Contacts, ContactTaken
from regulars.application.crm import VIEWS, Crm
from regulars.application.customer import CustomerProfile, Favourite, Summary
from regulars.application.door import Door, Request
from regulars.application.errors import (
    IdempotencyConflict,
    InvalidId,
    InvalidPersonalData,
    NotOurDatabase,
    OlderFormat,
    StorageUnavailable,
    SubjectErased,
    UndecodableEvent,
    UnknownView,
    UnusableIndex,
)
from regulars.application.events import Recorded
from regulars.application.handling import Commands
from regulars.application.joined import Joined
from regulars.application.log_check import LogCheck
from regulars.application.log_status import LogStatus
from regulars.application.lookup import IndexStatus, LookedUp, Lookup
from regulars.application.loyalty import Balance, PointsBalance, PointsLedger, Posting
from regulars.application.number_protection import NoNumbers, NumberProtection, ProtectedLine
from regulars.application.ports import Clock
from regulars.application.projecting import Projector
from regulars.application.protecting import FOLLOWER, Protecting
from regulars.application.queries import AsOf, Query
from regulars.application.report import Report, SalesReport
from regulars.application.subscription import Subscription
from regulars.domain.customer import (
    AddDeliveryAddress,
    GrantConsent,
    RegisterCustomer,
    RemoveDeliveryAddress,
    UpdateCustomerDetails,
    WithdrawConsent,
)
from regulars.domain.merchant import PublishMenuItem, RegisterMerchant, UpdateMerchantDetails
from regulars.domain.order import (
    AcceptOrder,
    CancelOrder,
    CompleteOrder,
    MarkDelivered,
    MarkReady,
    PickUpOrder,
    StartPreparing,
)
from regulars.domain.personal import Address, Contact, Content, Profile
from regulars.domain.program import DefineProgram, EarningRule, PublishEarningRule
from regulars.domain.protection import NameParty, Party
from regulars.domain.purchase import Channel, Line, PlaceOrder
from regulars.domain.refund import IssueRefund
from regulars.domain.review import SubmitReview
from regulars.domain.values import (
    AddressId,
    CustomerId,
    ItemId,
    MerchantId,
    Money,
    OrderId,
    ProgramId,
    RefundId,
    Refusal,
)

__all__ = [
    "AcceptOrder",
    "AddDeliveryAddress",
    "Address",
    "AddressId",
    "Archived",
    "AsOf",
    "Backup",
    "Balance",
    "CancelOrder",
    "Channel",
    "CompleteOrder",
    "Contact",
    "ContactTaken",
    "Content",
    "Crm",
    "CustomerId",
    "CustomerProfile",
    "DefineProgram",
    "EarningRule",
    "Favourite",
    "FileInTheWay",
    "GrantConsent",
    "IdempotencyConflict",
    "IndexStatus",
    "InvalidId",
    "InvalidPersonalData",
    "IssueRefund",
    "ItemId",
    "Joined",
    "Line",
    "LogCheck",
    "LogNotEmpty",
    "LogStatus",
    "LookedUp",
    "MarkDelivered",
    "MarkReady",
    "MerchantId",
    "Migration",
    "Money",
    "NameParty",
    "NotOurDatabase",
    "NumberProtection",
    "OlderFormat",
    "OrderId",
    "Party",
    "PickUpOrder",
    "PlaceOrder",
    "PointsBalance",
    "PointsLedger",
    "Posting",
    "Profile",
    "ProgramId",
    "ProtectedLine",
    "Protecting",
    "PublishEarningRule",
    "PublishMenuItem",
    "Query",
    "Receipt",
    "Recorded",
    "RefundId",
    "Refusal",
    "RegisterCustomer",
    "RegisterMerchant",
    "RemoveDeliveryAddress",
    "Report",
    "Request",
    "SalesReport",
    "StartPreparing",
    "StorageUnavailable",
    "SubjectErased",
    "SubmitReview",
    "Subscription",
    "Summary",
    "UndecodableEvent",
    "UnknownView",
    "UnusableArchive",
    "UnusableBackup",
    "UnusableIndex",
    "UnusableKeys",
    "UnusableProgram",
    "UpdateCustomerDetails",
    "UpdateMerchantDetails",
    "WithdrawConsent",
    "back_up",
    "check_log",
    "connect",
    "export_log",
    "import_log",
    "log_status",
    "migrate",
    "migration_sql",
    "restore",
]

_LOG: Final = logging.getLogger("regulars")
_KEYS_VARIABLE: Final = "REGULARS_KEYS"


def connect(  # noqa: PLR0913 - settings of a host, each by name
    database: str = "sqlite:///regulars.db",
    *,
    tenant: str = "default",
    program: Path | str | None = None,
    program_id: str = "default",
    keys: Path | str | None = None,
    views: Literal["inline", "deferred"] = "inline",
    synchronous: Synchronous = "FULL",
    busy_seconds: float = 30,
    create: bool = True,
    clock: Clock | None = None,
    environment: Mapping[str, str] | None = None,
    contacts: Literal["unique", "shared"] | None = None,
    region: str | None = None,
    looked_up: Callable[[LookedUp], None] = lambda _: None,
    numbers: NumberProtection | None = None,
    number_grace: timedelta = timedelta(0),
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
            the variable REGULARS_KEYS, or else a file beside the database named like it with
            `.keys` added, made for a new database; PostgreSQL needs one of the first two. Keep
            it apart from backups of the database: together they reveal everything, and without
            it nobody can read personal data again.
        views: `inline` folds views with each command, so that one reads what one wrote;
            `deferred` leaves them to `Crm.catch_up`.
        synchronous: FULL keeps every receipt through a power cut; NORMAL may lose the newest.
        busy_seconds: how long a command waits while others write, before the store is unavailable.
        create: whether a database that is not there is made, and a key file for one that has
            no keys yet; without it nothing is made, and nothing can be sealed without keys.
        clock: tells when events are recorded; the system's by default.
        environment: where REGULARS_KEYS is looked up; the process's own by default.
        contacts: keeps an index of phone numbers and e-mail addresses for `Crm.find_customer`,
            from now on and for every process: `unique` refuses one that another customer has,
            `shared` does not. By default it is as the database has it: without one at first.
            Needs the extra `lookup`; a log that has events is to be filled in: `Crm.lookup`.
        region: the country whose phone numbers need no country code, such as CN.
        numbers: who has virtual numbers, which `Crm.protection` binds for orders; without one,
            courier, merchant and customer meet in the order's chat.
        number_grace: how long they reach each other after an order is completed; seven days at
            most.
        looked_up: hears of every `Crm.find_customer` before it is answered; what it raises is
            raised instead of the answer.

    Raises:
        StorageUnavailable: the database cannot be opened or made.
        NotOurDatabase: the file is something else, or of a newer version.
        OlderFormat: its tables are of an older format: see `migrate`.
        UnusableKeys: the key file is missing although keys were wrapped with it, or malformed.
        UnusableProgram: the programme's file cannot be used.
        UnusableIndex: the extra is missing, or the index was begun with another region.
    """
    opened = Database(database, synchronous=synchronous, create=create, busy_seconds=busy_seconds)
    try:
        ring = _key_ring(
            opened, keys, environ if environment is None else environment, create=create
        )
        time = clock or SystemClock()

        def core(over: Database, storage: SqlStorage) -> Crm:
            stored_keys = SqlKeyStore(over)
            vault = EnvelopeVault(tenant, stored_keys, ring, clock=time)
            blinder = KeyedBlinder(tenant, stored_keys, ring, clock=time)
            projector = Projector(storage, VIEWS)
            inline = views == "inline"
            return Crm(
                storage=storage,
                vault=vault,
                commands=Commands(
                    storage=storage,
                    door=Door(
                        tenant=tenant,
                        vault=vault,
                        stored_as=storage.log.stored_as,
                        encode=encode,
                        contacts=Contacts(storage.contacts, blinder),
                    ),
                    clock=time,
                    projector=projector,
                    inline=inline,
                    program=ProgramId(program_id),
                ),
                projector=projector,
                lookup=lambda lock: Lookup(
                    storage=storage, vault=vault, blinder=blinder, told=looked_up, lock=lock
                ),
                protection=lambda crm, lock: Protecting(
                    storage=storage,
                    vault=vault,
                    numbers=numbers or NoNumbers(),
                    clock=time,
                    record=lambda command: crm.execute(command, by=FOLLOWER),
                    lock=lock,
                    grace=number_grace,
                ),
                program_id=ProgramId(program_id),
                inline=inline,
                join=join,
                close=over.close,
            )

        @contextmanager
        def join(connection: object) -> Generator[Joined]:
            with closing(HostTransaction(opened, connection)) as host:
                storage = SqlStorage(host, VIEWS, tenant=tenant)
                yield Joined(lambda: core(host, storage))

        crm = core(opened, SqlStorage(opened, VIEWS, tenant=tenant))
        if contacts is not None:
            crm.lookup.keep(unique=contacts == "unique", region=region)
        if program is not None:
            crm.publish(read_program(Path(program), program_id=ProgramId(program_id)))
    except BaseException:
        opened.close()
        raise
    return crm


def _key_ring(
    database: Database, keys: Path | str | None, environment: Mapping[str, str], *, create: bool
) -> KeyRing | NoKeys:
    if keys is None and environment.get(_KEYS_VARIABLE):
        return parse_keys(environment[_KEYS_VARIABLE], source=_KEYS_VARIABLE)
    if keys is None and database.dialect.passing:
        return KeyRing({"in-memory": token_bytes(32)}, active="in-memory")
    if keys is None and database.path is None:
        why = "no keys are given, and there is no file to keep them beside: name a file of keys"
        raise UnusableKeys(source=database.name, why=f"{why}, or set {_KEYS_VARIABLE}")
    path = Path(keys) if keys is not None else Path(f"{database.path}.keys")
    if not path.exists():
        wrapped = database.connection.scalar(select(func.count()).select_from(KEYS))
        if wrapped:
            why = f"is missing, and {wrapped} keys of {database.name} were wrapped with it"
            raise UnusableKeys(source=str(path), why=why)
        if not create:
            return NoKeys(str(path))
        try:
            create_key_file(path)
        except FileExistsError:
            return read_key_file(path)
        _LOG.warning(
            "made the key file %s: personal data in %s is sealed under it; keep it safe and apart"
            " from backups of the database, for without it nobody can read that data again",
            path,
            database.name,
        )
    return read_key_file(path)
