"""Stories of invoices and packages: each says which versions of which findings it shows, from which block on."""

from __future__ import annotations

from typing import Any

from tests.support.duplicates_desk import NET, TAX, Expected, PaperDesk, told

__all__: list[str] = []

FACE = NET + TAX
LIMIT = 9_980_000  # fen without tax, just under 100,000 yuan
PAPER: dict[str, Any] = {"code": "3100201130", "type": "vat_special"}


@told
def came_back(d: PaperDesk) -> dict[str, Expected]:
    """One number, another amount: told by what the authority confirmed, graver with every claim."""
    d.bill("I")
    d.verify("I")
    d.lend("F", "bank", ("invoice", "I"))
    d.block()
    d.bill("B", net=NET * 3)
    seen = d.block()
    d.verify("B", "inconsistent", FACE)
    d.lend("G", "bank2", ("invoice", "B"))
    both = d.block()
    return {"altered_document": [("invoice B", seen, "low"), ("invoice B", both, "high")]}


@told
def renumbered(d: PaperDesk) -> dict[str, Expected]:
    """One digit differs; the altered one is financed first, the true one after it; at last the authority knows it."""
    d.bill("I", number=str(d.base + 17))
    d.bill("B", number=str(d.base + 18))
    d.block()
    d.verify("B", "not_found")
    unknown = d.block()
    d.lend("G", "bank2", ("invoice", "B"))
    lent = d.block()
    d.lend("F", "bank", ("invoice", "I"))
    both = d.block()
    d.verify("B")
    known = d.block()
    subject = "invoice B"
    return {
        "altered_document": [(subject, unknown, "low"), (subject, lent, "medium"), (subject, both, "high"),
                             (subject, known, None)],
    }  # fmt: skip


@told
def renumbered_and_owed_after_the_loan(d: PaperDesk) -> dict[str, Expected]:
    """The claim on the true invoice is of a receivable that its loan named before it was registered."""
    d.bill("I", number=str(d.base + 4_107))
    d.verify("I")
    d.bill("B", number=str(d.base + 4_108))
    d.verify("B", "not_found")
    unknown = d.block()
    d.lend("G", "bank2", ("invoice", "B"))
    lent = d.block()
    d.lend("F", "bank", ("receivable", "R"))
    d.block()
    d.owed("R", "I")
    both = d.block()
    subject = "invoice B"
    return {"altered_document": [(subject, unknown, "low"), (subject, lent, "medium"), (subject, both, "high")]}


@told
def split_into_code_and_number_otherwise(d: PaperDesk) -> dict[str, Expected]:
    """What one record calls the code's last digit, the other calls the number's first."""
    d.bill("I", code="3100201130", number="07290740", type="vat_special", net=77_700)
    d.bill("B", code="310020113", number="007290740", type="vat_special", net=77_700)
    d.lend("F", "bank", ("invoice", "I"))
    d.block()
    d.lend("G", "bank2", ("invoice", "B"))
    both = d.block()
    return {"altered_document": [("invoice B", both, "high")]}


@told
def recurring(d: PaperDesk) -> None:
    """Bills of one amount with numbers that follow each other, all financed, one verified."""
    for at in range(3):
        d.bill(f"I{at}", number=str(d.base + at))
        d.lend(f"F{at}", "bank", ("invoice", f"I{at}"))
        d.block()
    d.verify("I1")
    d.block()


@told
def only_written_otherwise(d: PaperDesk) -> None:
    """One number in two forms, of one invoice; and two paper numbers of different codes."""
    d.bill("I", number="060729074001", **PAPER)
    d.bill("B", number="060729074/001", **PAPER)
    d.verify("B", "not_found")
    d.lend("F", "bank", ("invoice", "I"))
    d.block()
    d.bill("X", number="07072907", code="3100201130", type="vat_special")
    d.bill("Y", number="07072907", code="3100201131", type="vat_special", net=NET * 2)
    d.verify("X", amount=NET)
    d.block()


@told
def written_otherwise_and_financed_twice(d: PaperDesk) -> dict[str, Expected]:
    """One number in two forms, the authority knows one of them, and two banks lend on it."""
    d.bill("I", number="095531026007", **PAPER)
    d.verify("I", amount=NET)
    d.lend("F", "bank", ("invoice", "I"))
    d.bill("B", number="095531026/007", **PAPER)
    d.verify("B", "not_found")
    d.block()
    d.lend("G", "bank2", ("invoice", "B"))
    twice = d.block()
    return {"altered_document": [("invoice B", twice, "high")]}


@told
def written_otherwise_unverified(d: PaperDesk) -> dict[str, Expected]:
    """Nobody asked the tax authority: spaces, full-width digits, the code joined to the number, each lent on twice."""
    digital = str(d.base + 1_000)
    d.bill("A", number=digital)
    d.bill("B", number=f"{digital[:4]} {digital[4:]}")
    d.bill("C", number=str(d.base + 2_000))
    d.bill("D", number=chr(0xFF10 + 2) + str(d.base + 2_000)[1:])
    d.bill("E", number="22345678", **PAPER)
    d.bill("G", number="310020113022345678", type="vat_special")
    for name in "ACE":
        d.lend(f"F{name}", "bank", ("invoice", name))
    d.block()
    for name, bank in zip("BDG", ("bank2", "bank", "bank2"), strict=True):
        d.lend(f"F{name}", bank, ("invoice", name))
    twice = d.block()
    d.repay("FA", "bank")
    d.release("FA", "bank")
    back = d.block()
    return {
        "altered_document": [
            ("invoice B", twice, "high"), ("invoice D", twice, "medium"), ("invoice G", twice, "high"),
            ("invoice B", back, None),
        ],
    }  # fmt: skip


@told
def inflated(d: PaperDesk) -> dict[str, Expected]:
    d.bill("I", net=NET * 3)
    d.verify("I", "inconsistent", FACE)
    known = d.block()
    d.owed("R", "I", amount=3 * FACE)
    d.lend("F", "bank", ("receivable", "R"))
    lent = d.block()
    d.verify("I", amount=3 * FACE)
    cleared = d.block()
    return {
        "inflated_face": [("invoice I", known, "low"), ("invoice I", lent, "high"), ("invoice I", cleared, None)],
    }


@told
def known_on_another_basis(d: PaperDesk) -> None:
    """A special invoice and a 数电 one that the authority answers without tax; one that stands for three."""
    d.bill("S", number="12345678", **PAPER)
    d.verify("S", amount=NET)
    d.bill("I", 1)
    d.verify("I", amount=NET)
    for at in range(3):
        d.bill(f"P{at}", 2 + at)
        d.verify(f"P{at}")
    d.bill("A", 9, net=3 * NET, refers_to=[d.of(f"P{at}") for at in range(3)])
    d.verify("A", "inconsistent", FACE)
    for at, name in enumerate("SIA"):
        d.lend(f"F{at}", "bank", ("invoice", name))
    d.block()


@told
def impossible(d: PaperDesk) -> dict[str, Expected]:
    """A year before the pilot and no province; no province alone."""
    d.bill("I", number="19992000000000012345")
    d.bill("K", number="26992000000000012346")
    written = d.block()
    d.lend("F", "bank", ("invoice", "I"))
    d.lend("G", "bank", ("invoice", "K"))
    lent = d.block()
    d.repay("F", "bank")
    d.release("F", "bank")
    back = d.block()
    return {
        "impossible_fields": [
            ("invoice I", written, "low"), ("invoice K", written, "low"), ("invoice I", lent, "high"),
            ("invoice K", lent, "medium"), ("invoice I", back, "low"),
        ],
    }  # fmt: skip


@told
def possible(d: PaperDesk) -> None:
    """Another province than the credit code's, a number of Shenzhen's bureau, one drawn in December, a paper one."""
    for at, number in enumerate(("26462000000000022345", "26952000000000022346", "25312000000000022347", "19990001")):
        d.bill(f"I{at}", number=number, issued="2026-01-04", type="digital" if len(number) == 20 else "vat_ordinary")
        d.lend(f"F{at}", "bank", ("invoice", f"I{at}"))
    d.block()


@told
def dated_after(d: PaperDesk) -> dict[str, Expected]:
    """A loan that began before the invoice it was opened on was issued; after it is repaid nothing is left to say."""
    d.bill("I")
    d.block()
    d.owed("R", "I")
    d.lend("F", "bank", ("receivable", "R"), start="2026-01-02")
    lent = d.block()
    d.repay("F", "bank")
    back = d.block()
    return {"impossible_fields": [("invoice I", lent, "medium"), ("invoice I", back, None)]}


@told
def replayed(d: PaperDesk) -> dict[str, Expected]:
    """In another order for another bank; then once more under new ids, and mostly."""
    for at in range(4):
        d.bill(f"I{at}", at)
    d.pack("P", "I0", "I1", "I2", "I3")
    d.lend("F", "bank", ("package", "P"))
    d.block()
    d.pack("Q", "I3", "I2", "I1", "I0")
    again = d.block()
    d.lend("G", "bank2", ("package", "Q"))
    lent = d.block()
    d.repay("F", "bank")
    d.release("F", "bank")
    one = d.block()
    for at in range(3):
        d.bill(f"J{at}", at)
    d.bill("N", 9)
    d.pack("S", "J0", "J1", "J2", "N")
    mostly = d.block()
    return {
        "batch_replay": [
            ("package Q", again, "medium"), ("package Q", lent, "high"), ("package Q", one, "low"),
            ("package S", mostly, "medium"),
        ],
    }  # fmt: skip


@told
def corrected(d: PaperDesk) -> None:
    """A correction that says so, and a package that shares one invoice of three with it."""
    for at in range(5):
        d.bill(f"I{at}", at)
    d.pack("P", "I0", "I1", "I2")
    d.block()
    d.pack("Q", "I2", "I1", "I0", supersedes="P")
    d.lend("F", "bank", ("package", "Q"))
    d.block()
    d.pack("S", "I2", "I3", "I4")
    d.lend("G", "bank2", ("package", "S"))
    d.block()


@told
def corrected_and_financed_twice(d: PaperDesk) -> dict[str, Expected]:
    for at in range(3):
        d.bill(f"I{at}", at)
    d.pack("P", "I0", "I1", "I2")
    d.lend("F", "bank", ("package", "P"))
    d.block()
    d.pack("Q", "I0", "I1", "I2", supersedes="P")
    d.block()
    d.lend("G", "bank2", ("package", "Q"))
    return {"batch_replay": [("package Q", d.block(), "high")]}


@told
def corrected_twice_and_financed_twice(d: PaperDesk) -> dict[str, Expected]:
    """A correction of a correction does not hide that the first package is still financed."""
    for at in range(3):
        d.bill(f"I{at}", at)
    d.pack("P", "I0", "I1", "I2")
    d.lend("F", "bank", ("package", "P"))
    d.block()
    d.pack("Q", "I0", "I1", "I2", supersedes="P")
    d.block()
    d.pack("S", "I0", "I1", "I2", supersedes="Q")
    d.block()
    d.lend("G", "bank2", ("package", "S"))
    return {"batch_replay": [("package S", d.block(), "high")]}


@told
def structured(d: PaperDesk) -> dict[str, Expected]:
    """The fourth makes the run; an order that covers it, told later, ends it."""
    for at in range(3):
        d.bill(f"I{at}", number=str(d.base + at), net=LIMIT, refers_to=[d.of("O")])
    d.block()
    d.bill("I3", number=str(d.base + 4), net=LIMIT + 1_000, refers_to=[d.of("O")])
    run = d.block()
    d.lend("F", "bank", ("invoice", "I2"))
    lent = d.block()
    d.paper("O", type="order", amount=5 * LIMIT)
    ordered = d.block()
    subject = "invoice I0"
    return {"structuring": [(subject, run, "low"), (subject, lent, "medium"), (subject, ordered, None)]}


@told
def no_run(d: PaperDesk) -> None:
    """Four with gaps between, four of two buyers, four of round amounts."""
    for at in range(4):
        d.bill(f"G{at}", number=str(d.base + 10 * at), net=LIMIT)
        d.bill(f"R{at}", number=str(d.base + 200 + at), net=5_000_000)
        d.bill(f"T{at}", number=str(d.base + 300 + at), net=LIMIT, buyer="tier2" if at % 2 else "core")
    d.block()


@told
def framed(d: PaperDesk) -> dict[str, Expected]:
    d.paper("C", amount=None)
    for at in range(4):
        d.bill(f"I{at}", number=str(d.base + at), net=LIMIT)
        d.owed(f"R{at}", f"I{at}", amount=LIMIT, contract=d.of("C"))
        d.lend(f"F{at}", "bank", ("receivable", f"R{at}"))
    return {"structuring": [("invoice I0", d.block(), "low")]}
