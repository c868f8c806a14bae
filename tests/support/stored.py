"""A small ledger with something of everything, replicated for real into a store on either database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.replica import join, sync
from ledger.store import Store
from tests.support.chains import SmallChain
from tests.support.ledger_book import MEMBERS, invoice, out, plan, receivable
from tests.support.sources import Listed

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {name: name for name in MEMBERS if name != "operator"}


def small_chain() -> SmallChain:
    """Invoices to a plan's pool, breaches among them, versions that end, and a fifth sealer from a vote."""
    chain = SmallChain()
    consortium = chain.consortium
    for name, roles in MEMBERS.items():
        if name not in consortium.members:
            consortium.enrol(name, f"{name} 有限公司", roles)
        consortium.admit(consortium.members[name])
    chain.next_day()

    def say(sender: str, kind: str, payload: dict[str, Any]) -> Any:
        return consortium.record(consortium.members[sender], kind, {"v": 1, **payload})

    outputs = []
    for at in range(4):
        name = f"r{at}"
        say("supplier", "invoice.registered", invoice(f"i{at}", issued="2024-01-01", tax=13_000 if at else 1))
        say("supplier", "receivable.registered", receivable(name, f"i{at}", due="2024-06-30"))
        if at == 1:
            chain.next_day()
        say("core", "receivable.confirmed", {"receivable": name, "by": "core", "method": "signature"})
        issued = say(
            "core",
            "certificate.issued",
            {"certificate": f"c{at}", "receivable": name, "issuer": "core",
             "outputs": [out(113_000, "supplier", due="2024-06-30")]},
        )  # fmt: skip
        chain.next_day()
        outputs.append(issued.output())
    consortium.add_sealer("newcomer")
    chain.next_day()
    for spent in (outputs[0], outputs[0], outputs[1]):  # the second time it is a breach
        say(
            "supplier",
            "certificate.financed",
            {"inputs": [spent], "outputs": [out(113_000, "factor", due="2024-06-30")], "financier": "factor",
             "form": "factoring", "price": 110_000, "rate": "0.0525"},
        )  # fmt: skip
        chain.next_day()
    say("manager", "plan.established", plan("p", cutoff="2024-01-01", closing="2024-01-05", maturity="2025-01-31"))
    say("supplier", "nobody.knows.this", {"text": "\x00 é 甲"})
    say("gateway", "receivable.adjusted", {"receivable": "r2", "delta": -5, "reason": "return", "at": "2024-01-10"})
    for _ in range(3):
        chain.next_day()
    return chain


def replicate(chain: SmallChain, location: Path | str, evidence: Path) -> None:
    """Join the chain with a new store and sync to its last block but one."""
    source = Listed(chain.blocks[:-1])
    with Store.create(location) as store:
        join(store, source, genesis_hash=chain.consortium.genesis_hash, contracts=(chain.consortium.contract,))
        sync(store, source, evidence=evidence, workers=0)
