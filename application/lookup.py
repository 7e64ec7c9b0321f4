"""Finding customers by what they are reached by, and looking after the index that it takes."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final

from attrs import evolve, frozen

from regulars.application.audit import spot_of
from regulars.application.boxed import subject_of
from regulars.application.contact_index import (
    Blinder,
    ContactField,
    ContactIndex,
    IndexVersion,
    SharedContact,
    Token,
    values_of,
)
from regulars.application.contacts import ContactsShared
from regulars.application.erasure_subjects import state_of
from regulars.application.errors import InvalidPersonalData, UnusableIndex
from regulars.application.events import Recorded
from regulars.application.gate import Gate
from regulars.application.merging import records_in
from regulars.application.ports import KeyUnavailable, Revealed, Storage, Tampered, Vault
from regulars.application.projecting import Progress
from regulars.application.reading import Visit
from regulars.domain.customer import CustomerDetailsUpdated, CustomerRegistered
from regulars.domain.personal import Contact, DataClass
from regulars.domain.records import person_of
from regulars.domain.values import CustomerId

_SUBJECT: Final = "customer/"
_POSITIONS_AT_ONCE: Final = 1_000
"""How much of the log is gone through in one transaction, while nobody else writes."""
_NOT_KEPT: Final = "is not kept: `regulars index fill --contacts unique` begins one"


@frozen(kw_only=True)
class IndexStatus:
    """
    A version of the index, and how many tokens it has. `head` is how far the log goes.

    `shared` are the customers who share a contact although it is to be unique, because they did
    so before: all of them once the version is full.
    """

    version: IndexVersion
    tokens: int
    head: int
    shared: tuple[SharedContact, ...] = ()


@frozen(kw_only=True)
class Lookup:
    """
    Finds customers, and begins, fills and rotates the index.

    `lock` is that of whoever shares the storage with it. `gate` says who may find whom.
    `scrub` has bytes that were overwritten leave the files.
    """

    storage: Storage
    vault: Vault
    blinder: Blinder
    gate: Gate
    scrub: Callable[[], object]
    lock: AbstractContextManager[object]

    @property
    def _index(self) -> ContactIndex:
        return self.storage.contacts

    def find(self, sought: Contact, visit: Visit) -> tuple[CustomerId, ...]:
        """The customers who have this phone number or e-mail address; see `Crm.find_customer`."""
        try:
            return self._find(sought, visit)
        except Exception as error:  # noqa: BLE001 - whichever it is, it is raised again
            # The frames inside hold the value as text, and reports of errors show frames.
            raise error.with_traceback(None) from error.__cause__

    def _find(self, sought: Contact, visit: Visit) -> tuple[CustomerId, ...]:
        asked = values_of(sought)
        if len(asked) != 1:
            raise TypeError("a customer is found by a phone number or by an e-mail address")
        ((contact_field, text),) = asked
        with self.lock:
            return self.gate.find(lambda: self._holders(contact_field, text), visit)

    def _holders(self, contact_field: ContactField, text: str) -> frozenset[CustomerId]:
        versions = self._index.versions()
        if not any(version.full for version in versions):
            why = "is not filled: run `regulars index fill`" if versions else _NOT_KEPT
            raise UnusableIndex(why=why)
        tokens = [self.blinder.token(contact_field, text, version) for version in versions]
        subjects = frozenset[str]().union(*self._index.holders(tokens).values())
        # Who was merged is found as the one who speaks for them.
        records_of = records_in(self.storage.log)
        return frozenset(person_of(_customer(one), records_of)[0] for one in subjects)

    def status(self) -> list[IndexStatus]:
        """Every version of the index, oldest first; none if no index is kept."""
        with self.lock, self.storage.snapshot():
            head = self.storage.log.head()
            return [
                IndexStatus(
                    version=one,
                    tokens=self._index.count(one.version),
                    head=head,
                    shared=self._shared(one) if one.unique else (),
                )
                for one in self._index.versions()
            ]

    def _shared(self, version: IndexVersion) -> tuple[SharedContact, ...]:
        return tuple(
            SharedContact(field=contact_field.value, customers=tuple(map(_customer, subjects)))
            for contact_field, subjects in self._index.shared(version.version)
        )

    def keep(self, *, unique: bool, region: str | None) -> None:
        """
        Keep an index from now on, or change whether contacts are unique in the one there is.

        The index of a log that has no events yet is full at once; any other is to be filled. One
        that is begun as unique over customers who share contacts lets them be; `status` tells.

        Raises:
            ContactsShared: the index is full and customers share contacts; it stays as it was.
            UnusableIndex: it was begun with another region, which only `rotate` changes.
        """
        self.blinder.check_region(region)
        with self.lock, self.storage.transaction():
            versions = self._index.versions()
            if not versions:
                self._begin(1, unique=unique, region=region)
            elif versions[-1].region != region:
                why = (
                    f"reads numbers as those of {_named(versions[-1].region)}, not of"
                    f" {_named(region)}: run `regulars index rotate --region` to change that"
                )
                raise UnusableIndex(why=why)
            elif versions[-1].unique != unique:
                full = [version for version in versions if version.full]
                shared = self._shared(full[0]) if unique and full else ()
                if shared:
                    raise ContactsShared(shared=shared)
                for version in versions:
                    self._index.keep(evolve(version, unique=unique))

    def rotate(
        self, *, region: str | None = None, progress: Progress | None = None
    ) -> Sequence[IndexVersion]:
        """
        Replace the index by one under a new key, made anew from the events.

        Until it is full, commands add to both and look-ups ask both. Whoever was interrupted runs
        this again. `region` is that of the index so far if none is given.

        Raises:
            UnusableIndex: no index is kept, or a box cannot be opened now.
        """
        with self.lock, self.storage.transaction():
            versions = self._index.versions()
            if not versions:
                raise UnusableIndex(why=_NOT_KEPT)
            newest = versions[-1]
            if newest.full:
                region = region or newest.region
                self.blinder.check_region(region)
                self._begin(newest.version + 1, unique=newest.unique, region=region)
        return self.fill(progress=progress)

    def _begin(self, number: int, *, unique: bool, region: str | None) -> None:
        self.blinder.provide(number)
        self._index.keep(
            IndexVersion(
                version=number,
                normaliser=self.blinder.normaliser,
                region=region,
                unique=unique,
                full=self.storage.log.head() == 0,
            )
        )

    def fill(self, *, progress: Progress | None = None) -> Sequence[IndexVersion]:
        """
        Go through the log for what an index lacks, and let go of the versions before it.

        Some positions at a time, each lot in a transaction; goes on where it was interrupted. The
        keys of versions that are gone are destroyed once nothing needs them; who was interrupted
        before that runs this again.

        Raises:
            UnusableIndex: no index is kept, or a box cannot be opened now.
        """
        while True:
            with self.lock, self.storage.transaction():
                versions = self._index.versions()
                if not versions:
                    raise UnusableIndex(why=_NOT_KEPT)
                newest, head = versions[-1], self.storage.log.head()
                done = newest.full or newest.position >= head
                if done:
                    for older in versions[:-1]:
                        self._index.drop(older.version)
                    newest = evolve(newest, full=True, position=max(newest.position, head))
                else:
                    newest = self._filled(newest, head)
                self._index.keep(newest)
            if done:
                self._retire()
                return [newest]
            if progress is not None:
                progress(newest.position, head)

    def _retire(self) -> None:
        # After the versions: keys may be kept elsewhere, and what needs one must not outlive it.
        with self.lock:
            with self.storage.transaction():
                self.blinder.retire([one.version for one in self._index.versions()])
            self.scrub()

    def _filled(self, version: IndexVersion, head: int) -> IndexVersion:
        # Keys that another process destroyed must open nothing here, however recent they are.
        self.vault.rolled_back()
        upto = min(version.position + _POSITIONS_AT_ONCE, head)
        left_out = version.left_out
        for recorded in self.storage.log.read(
            after=version.position, upto=upto, types={CustomerRegistered, CustomerDetailsUpdated}
        ):
            contact = self._present(recorded)
            if isinstance(contact, Tampered):
                left_out += 1
            elif contact is not None:
                tokens, others = self._tokens(contact, version)
                left_out += others
                subject = subject_of(recorded.event)
                self._index.put(subject, tokens, versions=[version.version])
        return evolve(version, position=upto, left_out=left_out)

    def _present(self, recorded: Recorded) -> Contact | Tampered | None:
        """The contact that an event brought, if it is still the customer's and can be read."""
        event = recorded.event
        box = getattr(event, "contact", None)
        later = self.storage.log.facts(recorded.stream, after=recorded.version)
        # What came later was put into the index when it came, or is on the way.
        if box is None or any(getattr(one, "contact", None) for _, one, _ in later):
            return None
        # Their keys may have come back, from a backup: the log says whose data is gone.
        if self._is_gone(_customer(subject_of(event))):
            return None
        match self.vault.open(box, spot_of(recorded, "contact")):
            case Revealed(Contact() as contact):
                return contact
            case KeyUnavailable(why):
                raise UnusableIndex(why=f"cannot be filled past {recorded.position - 1}: {why}")
            case Tampered() as tampered:
                return tampered
            case _:  # erased
                return None

    def _is_gone(self, customer: CustomerId) -> bool:
        """Whether the contact of a customer, or of who is one person with them, was erased."""
        log = self.storage.log
        erasures = (state_of(log, one) for one in person_of(customer, records_in(log)))
        return any(DataClass.CONTACT in one.erased for one in erasures)

    def _tokens(self, contact: Contact, version: IndexVersion) -> tuple[list[Token], int]:
        tokens: list[Token] = []
        left_out = 0
        for contact_field, text in values_of(contact):
            try:
                tokens.append(self.blinder.token(contact_field, text, version))
            except InvalidPersonalData:
                left_out += 1
        return tokens, left_out


def _customer(subject: str) -> CustomerId:
    return CustomerId(subject.removeprefix(_SUBJECT))


def _named(region: str | None) -> str:
    return f"region {region}" if region else "no region"
