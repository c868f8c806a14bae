"""A published receivables ledger, made into blocks, replicated, and looked through: the figures others computed."""

from __future__ import annotations

import csv
import json
import os
from datetime import date
from pathlib import Path

import pytest

from abs.frame import Basis
from abs.pool import read_pool
from ledger.anchor import Anchor
from ledger.consortium import PIN, import_receivables, packaged_map
from ledger.facts import AccountMove, FeePayment, Holding
from ledger.proofs import Proof, ProofVerifier, Prover
from ledger.store import Store
from ledger.verdict import Verdict
from regulator.lookthrough import look_through
from regulator.positions import lineage_positions
from tests.support.follow import follow

FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "receivables" / "ibm_accounts_receivable.csv"
JUNE = date(2013, 6, 30)


@pytest.mark.slow
@pytest.mark.oracle
def test_the_published_ledger_through_real_blocks(tmp_path: Path) -> None:
    if not FILE.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{FILE.name} is not beside this checkout")
        pytest.skip(f"{FILE.name} is not beside this checkout")
    summary = import_receivables(FILE, packaged_map("ibm"), tmp_path / "archive")
    assert (tmp_path / "archive" / PIN).exists()
    follow(tmp_path / "ledger.db", tmp_path / "archive")
    with Store.open(tmp_path / "ledger.db") as store:
        whole = read_pool(store.at(), summary.plan)
        assert (whole.entered(), whole.original().text()) == (2466, "147,703.18")
        assert whole.disputed_share(Basis.ORIGINAL).text() == "24.88%"
        assert whole.days_to_settle().text(3) == "26.701"
        then = store.at(store.height_on(JUNE))
        for pool in (read_pool(then, summary.plan), whole.on_day(JUNE)):
            assert pool.balance().text() == "5,119.85"
            assert [one.balance.text() for one in pool.aging((1, 31))] == ["4,284.29", "835.56", "0.00"]
            assert pool.dso().text() == "26.26"
        found = look_through(then, summary.plan, limit=3000)
        assert all(line.invoices for line in found.assets.lines)
        assert found.pool.balance.text() == "5,119.85"
        positions = lineage_positions(store.at(), summary.plan)
        beside = {row.from_position for table in (FeePayment, AccountMove, Holding) for row in store.at().select(table)}
        assert len(beside) == 28 + 2 + 3  # fees, moves and lists of holders stand beneath no asset or tranche
        assert not beside & {position.number for position in positions}
        # all the others, but for the deployment and the admissions
        assert len(positions) == summary.transactions - 1 - summary.members - len(beside)
        numbers = {row["invoiceNumber"] for row in csv.DictReader(FILE.read_text("utf-8").splitlines())}
        everything = look_through(store.at(), summary.plan, limit=3000)
        reached = {number for line in everything.assets.lines for number in line.invoices}
        assert reached == numbers
        assert len(numbers) == 2466
        anchor = Anchor.from_json(store.anchor() or "")
        reader = ProofVerifier(genesis_hash=anchor.genesis_hash, contracts=anchor.contracts)
        prover = Prover(store)  # judges each proof before it hands it out
        for at, position in enumerate(positions):
            proof = prover.prove(position)
            if at % 50 == 0:  # and some once more, from their own bytes, as a reader without the database would
                copied = Proof.from_json(json.dumps(proof.as_json()).encode())
                assert reader.verify(copied).verdict is Verdict.PASSED
