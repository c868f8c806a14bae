"""Every breach about registrations and searches of the register, and beside it the lawful record that looks like it."""

from typing import Any

import pytest

from ledger.facts import Registration, RegistrationCollateral, RegistrationQuery
from tests.support.ledger_book import Book, invoice, receivable


def filed(name: str, *collateral: tuple[str, str], **changes: Any) -> dict[str, Any]:
    return {
        "registration": name, "type": "transfer", "secured_party": "factor", "debtor": "supplier",
        "description": "对核心企业的应收账款", "collateral": [{"kind": kind, "id": id_} for kind, id_ in collateral],
        "filed_at": "2026-01-05T01:00:00Z", "expires_at": "2027-01-05", **changes,
    }  # fmt: skip


def told(book: Book, act: str, registration: str = "z", *, sender: str = "factor", **fields: Any) -> list[str]:
    payload = {"registration": registration, "at": book.time.date().isoformat(), **fields}
    return book.tell(sender, f"registration.{act}", payload)


def searched(name: str, *conflicts: str, subject: str = "r", **changes: Any) -> dict[str, Any]:
    return {
        "query": name, "certificate": f"no-{name}", "subject": subject, "by": "bank", "at": "2026-01-05T02:00:00Z",
        "conflicts": list(conflicts), **changes,
    }  # fmt: skip


@pytest.fixture
def register(book: Book) -> Book:
    """Registration ``z`` of receivable ``r``; the register and a platform are members."""
    book.admit({"zhongdeng": ["registry"], "portal": ["platform"]})
    for name in ("r", "s"):
        book.say("supplier", "receivable.registered", receivable(name))
    book.say("factor", "registration.filed", filed("z", ("receivable", "r")))
    assert book.seal() == ()
    return book


ACTS: dict[str, dict[str, Any]] = {
    "amended": {"description": "更正"},
    "extended": {"expires_at": "2028-01-05"},
    "cancelled": {"reason": "债权消灭"},
    "disputed": {"by": "bank", "reason": "重复登记"},
}
SENDERS = dict.fromkeys(ACTS, "factor") | {"disputed": "bank"}


def test_a_registration_goes_its_way(register: Book) -> None:
    for act, fields in ACTS.items():
        if act != "cancelled":
            assert told(register, act, sender=SENDERS[act], **fields) == []
    row = register.store.at().get(Registration, "z")
    assert (row.description, str(row.expires_on), row.disputed_by) == ("更正", "2028-01-05", "bank")
    assert row.filed_at.isoformat() == "2026-01-05T01:00:00+00:00"
    covers = [{"kind": "receivable", "id": "s"}]
    assert told(register, "amended", collateral=covers) == []
    assert [each.target for each in register.store.at().select(RegistrationCollateral)] == ["s"]
    assert told(register, "cancelled", **ACTS["cancelled"]) == []
    row = register.store.at().get(Registration, "z")
    assert (row.status, str(row.cancelled_on)) == ("cancelled", "2026-01-05")
    assert register.store.at().count(RegistrationCollateral) == 0


@pytest.mark.parametrize("act", ACTS)
def test_nothing_but_an_objection_follows_a_cancellation(register: Book, act: str) -> None:
    assert told(register, "cancelled", **ACTS["cancelled"]) == []
    cancelled = register.last()
    expected = [] if act == "disputed" else ["registration.status_path"]
    assert told(register, act, sender=SENDERS[act], **ACTS[act]) == expected
    assert act == "disputed" or register.found[-1].others == (cancelled,)
    assert register.store.at().get(Registration, "z").status == "cancelled"


def test_what_was_cancelled_covers_nothing_again(register: Book) -> None:
    assert told(register, "cancelled", **ACTS["cancelled"]) == []
    covers = [{"kind": "receivable", "id": "s"}]
    assert told(register, "amended", collateral=covers) == ["registration.status_path"]
    assert register.store.at().count(RegistrationCollateral) == 0


def test_an_extension_is_no_shorter(register: Book) -> None:
    assert told(register, "extended", expires_at="2027-01-04") == ["registration.status_path"]
    assert dict(register.found[-1].details) == {"before": "2027-01-05", "after": "2027-01-04"}
    assert told(register, "extended", expires_at="2027-01-04") == []
    assert told(register, "extended", expires_at="2027-02-01") == []


@pytest.mark.parametrize("act", ACTS)
def test_nothing_happens_to_what_expired(register: Book, act: str) -> None:
    register.tell("factor", "registration.filed", filed("short", expires_at="2026-01-20"))
    register.seal(15)
    assert register.time.date().isoformat() == "2026-01-20"
    if act != "cancelled":
        assert told(register, act, "short", sender=SENDERS[act], **(ACTS[act] | _same(act))) == [], "its last day"
    register.seal(1)
    late = told(register, act, "short", sender=SENDERS[act], **ACTS[act])
    assert late == ["registration.expired"]
    assert dict(register.found[-1].details) == {"expired": "2026-01-20", "at": "2026-01-21"}
    assert told(register, act, sender=SENDERS[act], **ACTS[act]) == [], "the other one lives on"


def _same(act: str) -> dict[str, Any]:
    return {"expires_at": "2026-01-20"} if act == "extended" else {}


@pytest.mark.parametrize("act", ACTS)
def test_who_may_act_on_a_registration(register: Book, act: str) -> None:
    code = "sender.not_party" if act == "disputed" else "registration.not_party"
    assert told(register, act, sender="settlement", **ACTS[act]) == [code]
    for sender in ("zhongdeng", "portal", SENDERS[act]):
        name = f"z-{sender}"
        assert register.tell(sender, "registration.filed", filed(name, secured_party=SENDERS[act])) == []
        assert told(register, act, name, sender=sender, **ACTS[act]) == []


def test_who_may_file(register: Book) -> None:
    assert register.tell("bank", "registration.filed", filed("x")) == ["registration.not_party"]
    assert register.tell("supplier", "registration.filed", filed("y")) == ["sender.role", "registration.not_party"]


def test_dates(register: Book) -> None:
    early = filed("a", expires_at="2026-01-04")
    assert register.tell("factor", "registration.filed", early) == ["dates.order"]
    late = filed("b", filed_at="2026-01-05T16:00:00Z")  # 00:00 the next day in China
    assert register.tell("factor", "registration.filed", late) == ["dates.order"]
    assert register.tell("factor", "registration.filed", filed("c", filed_at="2026-01-05T15:59:59Z")) == []
    assert told(register, "cancelled", at="2026-01-06", reason="") == ["dates.order"]
    tomorrow = searched("q", "z", at="2026-01-05T16:00:00Z")
    assert "dates.order" in register.tell("bank", "registration.queried", tomorrow)


def test_what_a_registration_names(register: Book) -> None:
    ghost = filed("x", ("invoice", "ghost"), debtor="nobody")
    assert register.tell("factor", "registration.filed", ghost) == ["reference.missing"] * 2
    assert register.tell("factor", "registration.filed", filed("z")) == ["identifier.reused"]
    assert told(register, "cancelled", "ghost", reason="") == ["reference.missing"]


def test_a_search_names_what_was_filed(register: Book) -> None:
    assert register.tell("bank", "registration.queried", searched("q", "z", "ghost")) == [
        "registration.query_conflicts"
    ]
    assert "ghost no record filed" in register.found[-1].message
    assert register.tell("bank", "registration.queried", searched("p", "z")) == []
    row = register.store.at().get(RegistrationQuery, "p")
    assert (row.subject, row.conflicts, row.certificate) == ("r", ["z"], "no-p")


def test_a_search_names_what_was_in_force(register: Book) -> None:
    before = searched("q", "z", at="2026-01-05T00:59:59Z")
    assert register.tell("bank", "registration.queried", before) == ["registration.query_conflicts"]
    register.tell("factor", "registration.filed", filed("short", expires_at="2026-01-20"))
    register.seal(3)
    assert told(register, "cancelled", reason="") == []
    register.seal(1)
    same_day = searched("p", "z", "short", at="2026-01-08T02:00:00Z")
    assert register.tell("bank", "registration.queried", same_day) == []
    assert register.tell("bank", "registration.queried", searched("o", "z", at="2026-01-09T02:00:00Z")) == [
        "registration.query_conflicts"
    ]
    register.seal(12)
    assert register.tell("bank", "registration.queried", searched("n", "short", at="2026-01-20T02:00:00Z")) == []
    assert register.tell("bank", "registration.queried", searched("m", "short", at="2026-01-21T02:00:00Z")) == [
        "registration.query_conflicts"
    ]


def test_a_search_for_a_thing_leaves_out_no_registration_of_it(register: Book) -> None:
    filing = register.last()
    assert register.tell("bank", "registration.queried", searched("q")) == ["registration.query_conflicts"]
    assert register.found[-1].others == (filing,)
    lawful = {
        "of another thing": searched("p", subject="s"),
        "by debtor, for whatever": searched("o", subject="supplier"),
        "before the filing": searched("n", at="2026-01-05T00:00:00Z"),
        "by who filed it": searched("m", by="factor"),
    }
    for why, search in lawful.items():
        assert register.tell(search["by"], "registration.queried", search) == [], why
    assert told(register, "cancelled", reason="") == []
    assert register.tell("bank", "registration.queried", searched("l")) == [], "cancelled since"


def test_a_search_is_told_by_who_made_it(register: Book) -> None:
    assert register.tell("settlement", "registration.queried", searched("q", "z")) == ["sender.not_party"]
    assert register.tell("portal", "registration.queried", searched("p", "z")) == []


def test_look_through_both_ways(register: Book) -> None:
    assert register.tell("factor", "registration.filed", filed("y", ("receivable", "r"), ("receivable", "s"))) == []
    facts = register.store.at()
    up = facts.select(RegistrationCollateral, RegistrationCollateral.target == "r")
    assert [row.registration for row in up] == ["z", "y"]
    down = facts.select(RegistrationCollateral, RegistrationCollateral.registration == "y")
    assert [(row.target_kind, row.target) for row in down] == [("receivable", "r"), ("receivable", "s")]


def test_a_search_is_held_to_what_its_name_and_day_tell(register: Book) -> None:
    register.say("supplier", "invoice.registered", invoice("r"))
    assert register.seal() == ()
    assert register.tell("bank", "registration.queried", searched("q")) == [], "for invoice r, perhaps"
    register.seal(3)
    assert told(register, "amended", collateral=[{"kind": "receivable", "id": "s"}]) == []
    register.seal(1)
    before = searched("p", subject="s", at="2026-01-07T02:00:00Z")
    assert register.tell("bank", "registration.queried", before) == [], "the amendment came later"
    after = searched("o", subject="s", at="2026-01-09T01:00:00Z")
    assert register.tell("bank", "registration.queried", after) == ["registration.query_conflicts"]
