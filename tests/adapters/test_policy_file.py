from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars import connect
from regulars.adapters.policy_file import Mistake, UnusablePolicy, policy_text, read_policy
from regulars.domain.personal import DataClass
from regulars.domain.reading import (
    DEFAULT_POLICY,
    MOST_READS,
    OF_AN_ORDER,
    Basis,
    Limit,
    OrderState,
    Reach,
    ReadingPolicy,
    Rule,
)
from regulars.domain.retention import MOST_DAYS, DataSubject, Retention, Since
from tests.architecture.repository import ROOT

SERVICE = '[[retention]]\nkind = "service"\nclasses = ["contact"]\ndays = 9\n'
RULE = '[[rule]]\nrole = "support"\npurpose = "service"\nbasis = "contract"\nmasked = ["contact"]\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "policy.toml"


def read(path: Path, content: str) -> ReadingPolicy:
    path.write_text(content, encoding="utf-8")
    return read_policy(path)


def mistakes(path: Path, content: str) -> list[str]:
    with pytest.raises(UnusablePolicy) as refused:
        read(path, content)
    assert refused.value.file == str(path)
    return list(map(str, refused.value.mistakes))


def test_a_file_says_who_reads_what_and_how_long_it_is_kept(path: Path) -> None:
    policy = read(
        path,
        """
        text = "2026-01"  # the privacy text in force
        read_only = ["analyst", "auditor"]
        purposes = ["receipts"]
        channels = ["sms", "app"]

        [[rule]]
        role = "courier"
        purpose = "delivery"
        revealed = ["address"]
        masked = [
            "contact",
        ]
        basis = "contract"
        reach = "delivery"
        orders = ["open"]
        finds = true

        [[limit]]
        role = "courier"
        reads = 60
        seconds = 3600

        [[retention]]
        kind = "profile"
        classes = ["profile"]
        days = 30
        since = "consent"
        purpose = "marketing"

        [[retention]]
        kind = "service"
        classes = ["contact"]
        days = 30
        of = ["courier", "merchant"]
        """,
    )

    assert policy == ReadingPolicy(
        text="2026-01",
        read_only=frozenset({"analyst", "auditor"}),
        purposes=frozenset({"receipts"}),
        channels=frozenset({"sms", "app"}),
        rules=(
            Rule(
                role="courier",
                purpose="delivery",
                revealed=frozenset({DataClass.ADDRESS}),
                masked=frozenset({DataClass.CONTACT}),
                basis=Basis.CONTRACT,
                reach=Reach.DELIVERY,
                orders=frozenset({OrderState.OPEN}),
                finds=True,
            ),
        ),
        limits=(Limit(role="courier", reads=60, seconds=3600),),
        retention=(
            Retention(
                kind="profile",
                classes=frozenset({DataClass.PROFILE}),
                days=30,
                since=Since.CONSENT,
                purpose="marketing",
            ),
            Retention(
                kind="service",
                classes=frozenset({DataClass.CONTACT}),
                days=30,
                of=frozenset({DataSubject.COURIER, DataSubject.MERCHANT}),
            ),
        ),
    )


def test_what_a_file_leaves_out_is_not_limited_and_not_kept_short(path: Path) -> None:
    policy = read(path, RULE)

    assert (policy.limits, policy.retention, policy.text, policy.bulk_from) == ((), (), None, 50)
    assert (policy.read_only, policy.rules[0].finds) == (frozenset(), False)
    assert (policy.purposes, policy.channels) == (frozenset(), frozenset())


def test_the_default_policy_that_is_written_is_read_as_it_was(path: Path) -> None:
    assert read(path, policy_text(DEFAULT_POLICY)) == DEFAULT_POLICY


CODES = st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True)
CLASSES = st.frozensets(st.sampled_from(DataClass), min_size=1)


@st.composite
def rules(draw: st.DrawFn, role: str) -> Rule:
    """What a role sees for one purpose, in any way that a rule may say it."""
    seen = draw(CLASSES)
    revealed = frozenset(draw(st.sets(st.sampled_from(sorted(seen, key=lambda one: one.value)))))
    reach = draw(st.sampled_from(Reach))
    orders = draw(st.frozensets(st.sampled_from(OrderState), min_size=1))
    if reach in OF_AN_ORDER:
        orders |= {OrderState.OPEN}
    return Rule(
        role=role,
        purpose=draw(CODES),
        revealed=revealed,
        masked=seen - revealed,
        basis=draw(st.sampled_from(Basis)),
        reach=reach,
        orders=orders,
        finds=DataClass.CONTACT in seen and draw(st.booleans()),
    )


def retentions(kind: str) -> st.SearchStrategy[Retention]:
    """How long something is kept, with a purpose where it counts from a consent."""
    since = st.sampled_from(Since).flatmap(
        lambda one: st.tuples(st.just(one), CODES if one is Since.CONSENT else st.none())
    )

    def made(
        classes: frozenset[DataClass],
        days: int,
        told: tuple[Since, str | None],
        others: frozenset[DataSubject],
    ) -> Retention:
        of = others | {DataSubject.CUSTOMER}
        return Retention(
            kind=kind, classes=classes, days=days, since=told[0], purpose=told[1], of=of
        )

    others = st.frozensets(st.sampled_from(DataSubject))
    return st.builds(made, CLASSES, st.integers(1, MOST_DAYS), since, others)


@st.composite
def policies(draw: st.DrawFn) -> ReadingPolicy:
    """Any policy that may be written: each role has a rule, and some have a limit."""
    roles = draw(st.lists(CODES, min_size=1, max_size=3, unique=True))
    counts = st.integers(1, MOST_READS)
    kinds = draw(st.lists(CODES, max_size=2, unique=True))
    return ReadingPolicy(
        rules=tuple(draw(rules(role)) for role in roles),
        limits=tuple(
            Limit(role=role, reads=draw(counts), seconds=draw(counts)) for role in roles[1:]
        ),
        bulk_from=draw(st.integers(1, 10_000)),
        text=draw(st.none() | st.text()),
        read_only=draw(st.frozensets(CODES, max_size=3)),
        retention=tuple(draw(retentions(kind)) for kind in kinds),
        closed_after_hours=draw(st.integers(1, 10_000)),
        purposes=draw(st.frozensets(CODES, max_size=2)),
        channels=draw(st.frozensets(CODES, max_size=2)),
    )


@given(policy=policies())
def test_a_policy_that_is_written_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, policy: ReadingPolicy
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"

    assert read(path, policy_text(policy)) == policy


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", ["line 1: rule: is missing"]),
        ("[[rule]\n", ["line 1: is no TOML: "]),
        ("a = 1\na = 2\n", ["line 2: is no TOML: "]),
        (f'read_only = ["a b"]\n{RULE}', ["line 1: read_only: a code is"]),
        (f"{RULE}finds = 1", ["line 6: rule 1, finds: expected bool, got int"]),
        (
            f"{RULE}finds = true".replace("contact", "address"),
            ["line 6: rule 1, finds: needs contact to be revealed or masked"],
        ),
        ("rule = []", ["line 1: rule: expected array of length >= 1"]),
        (
            f'purposes = ["a b"]\nchannels = "sms"\n{RULE}',
            ["line 1: purposes: ", "line 2: channels: "],
        ),
        (
            f'{RULE}{SERVICE}of = ["rider"]',
            ["line 10: retention 1, of: invalid enum value 'rider'"],
        ),
        (f"{RULE}{SERVICE}of = []", ["line 10: retention 1, of: expected array of length >= 1"]),
        (
            f'{RULE}{SERVICE}of = ["order"]',
            ["line 6: retention 1: a rule of retention is of somebody who gives data"],
        ),
        (
            f"bulk_from = 0\n{RULE}\n[[limit]]\nreads = 1\nseconds = 1",
            ["line 1: bulk_from: ", "line 8: limit 1, role: is missing"],
        ),
        (f"bulk_from = 0\ntxt = 'x'\n{RULE}", ["line 1: bulk_from: ", "line 2: txt: is not known"]),
        (
            '[[rule]]\nrole = "a b"\npurpose = "service"\nbasis = "contract"\nmasked = ["adress"]',
            [
                "line 2: rule 1, role: a code is",
                "line 5: rule 1, masked: invalid enum value 'adress'; one of contact, address,",
            ],
        ),
        (
            f'{RULE}\n\n[[rule]]\nrole = 7\nbasis = "contract"',
            ["line 8: rule 2, purpose: is missing", "line 9: rule 2, role: expected str, got int"],
        ),
        (
            RULE.replace("masked", "revealed") + 'masked = [\n  "contact",\n]',
            ["line 6: rule 1, masked: contact is revealed already"],
        ),
        (RULE.replace('masked = ["contact"]', ""), ["line 1: rule 1: shows nothing"]),
        (f"{RULE}{RULE}", ["line 6: rule 2: rule 1 says already what support sees of contact"]),
        (
            f'{RULE}[[limit]]\nrole = "supprot"\nreads = 5\nseconds = 1',
            ["line 7: limit 1, role: no rule is for supprot, who reads nothing"],
        ),
        (
            f'{RULE}reach = "delivery"\norders = ["none"]'.replace("support", "a b")
            + '\n[[limit]]\nrole = "a b"\nreads = 5\nseconds = 1',
            ["line 2: rule 1, role: a code is", "line 9: limit 1, role: a code is"],
        ),
        *(
            (
                f'{RULE}reach = "{reach}"\norders = ["none"]',
                [f"line 7: rule 1, orders: the reach {reach} shows nothing without an order"],
            )
            for reach in ("order", "sale", "delivery")
        ),
        (
            f'{RULE}[[limit]]\nrole = "r"\nreads = 5000\nseconds = 0',
            ["line 8: limit 1, reads: expected int <= 1000", "line 9: limit 1, seconds: expected"],
        ),
        (
            RULE + '[[limit]]\nrole = "support"\nreads = 5\nseconds = 1\n' * 2,
            ["line 11: limit 2, role: limit 1 has the same"],
        ),
        (
            RULE + '[[retention]]\nkind = "k"\nclasses = ["content"]\ndays = 1\n' * 2,
            ["line 11: retention 2, kind: retention 1 has the same"],
        ),
        (
            f'{RULE}[[retention]]\nkind = "k"\nclasses = []\ndays = 0.5\nsince = "birth"',
            [
                "line 8: retention 1, classes: expected array of length >= 1",
                "line 9: retention 1, days: expected int, got float",
                "line 10: retention 1, since: invalid enum value 'birth'; one of order, activity,",
            ],
        ),
        (
            f'{RULE}[[retention]]\nkind = "k"\nclasses = ["content"]\ndays = 1\nsince = "consent"',
            ["line 6: retention 1: a rule of retention names a purpose"],
        ),
        (
            f"{RULE}[[retention]]\nkind = '{'k' * 95}'\nclasses = ['content']\ndays = 1",
            ["line 6: retention 1: the kind of a rule of retention has at most 80 letters"],
        ),
        (
            'rule = [\n  { role = "r", purpose = "p", basis = "contract" },\n]',
            ["line 1: rule 1: shows nothing"],
        ),
        (f'text = """\n[[rule]]\nrole = 1\n"""\n{RULE}masked2 = 1', ["line 10: rule 1, masked2: "]),
        ("[rule]\nrole = 1", ["line 1: rule: expected array, got object"]),
    ],
)
def test_every_mistake_is_told_by_line_and_field(
    path: Path, content: str, found: list[str]
) -> None:
    told = mistakes(path, content)

    assert len(told) == len(found), told
    for said, start in zip(told, found, strict=True):
        assert said.startswith(start)


def test_a_file_that_cannot_be_read_is_named(path: Path) -> None:
    with pytest.raises(UnusablePolicy, match="cannot be read"):
        read_policy(path)
    path.write_bytes("# Café".encode("latin-1"))
    with pytest.raises(UnusablePolicy, match="is not UTF-8"):
        read_policy(path)


def test_an_error_says_the_first_mistake_and_how_many_more() -> None:
    first = Mistake(line=3, field="rule 1, role", why="is missing")
    others = (Mistake(line=4, field="", why="x"),) * 2

    assert str(UnusablePolicy(file="p.toml", mistakes=(first,))) == (
        "p.toml: line 3: rule 1, role: is missing"
    )
    assert str(UnusablePolicy(file="p.toml", mistakes=(first, *others))) == (
        "p.toml: line 3: rule 1, role: is missing, and 2 more: see regulars policy check"
    )


def test_the_file_that_the_page_shows_is_a_policy(path: Path) -> None:
    page = (ROOT / "docs/privacy.md").read_text(encoding="utf-8")

    policy = read(path, page.partition("```toml\n")[2].partition("```")[0])

    assert [rule.kind for rule in policy.retention] == ["address"]


def test_a_core_goes_by_the_policy_of_a_file(path: Path) -> None:
    kept = Retention(kind="k", classes=frozenset({DataClass.CONTACT}), days=1)
    path.write_text(policy_text(evolve(DEFAULT_POLICY, retention=(kept,))), encoding="utf-8")

    with connect("sqlite://", policy=path) as crm:
        assert list(crm.retention.due()) == []
    with pytest.raises(UnusablePolicy):
        connect("sqlite://", policy=str(path.parent / "none.toml"))
