"""A file of receivables becomes a verified history: every row accounted for, every fen conserved, repeatable."""

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ledger import admission
from ledger.anchor import anchor_from
from ledger.consortium import PIN, OutputRefused, generate_sample, import_receivables, packaged_map
from ledger.consortium.cash import FACE, Tranche, Waterfall, interest, next_weekday, period_ends, tranches_of
from ledger.consortium.rows import Receivable, read_rows
from ledger.consortium.sample import AS_OF, DEBTORS
from ledger.errors import Malformed
from ledger.records import Undecoded, decode
from ledger.replica import join, sync
from ledger.sources.archive import ArchiveSource
from ledger.store import Store
from tests.support.surroundings import oracle

SMALL = 40


def imported(folder, content, **options):
    file = folder / "rows.csv"
    file.write_bytes(content)
    summary = import_receivables(file, packaged_map("demo"), folder / "out", suite="ecdsa", **options)
    return summary, folder / "out"


def history(out, summary):
    """Every record of an archive after verification, as (kind, payload, block day)."""
    blocks = ArchiveSource(out).blocks(0)
    genesis = next(blocks).document
    contract = bytes.fromhex(summary.contract[2:])
    anchor = anchor_from(genesis, pinned=bytes.fromhex(summary.genesis_hash[2:]), contracts=(contract,))
    _, state = admission.genesis(genesis, anchor)
    registry = anchor.registry()
    for block in blocks:
        verified, state = admission.accept(admission.examine(block.document, anchor, registry), block.document, state)
        on = datetime.fromtimestamp(verified.timestamp / 1000, UTC).date()
        for event in verified.events:
            assert event.echoed
            yield event.kind, json.loads(event.payload), on, event
    assert f"0x{state.hash.hex()}" == summary.head


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    summary, out = imported(tmp_path_factory.mktemp("small"), generate_sample(5, SMALL))
    return summary, out, list(history(out, summary))


def test_every_row_is_accounted_for(small):
    summary, _, records = small
    assert summary.rows == summary.imported + len(summary.rejected) == SMALL
    kinds = Counter(kind for kind, *_ in records)
    for kind in ("invoice.registered", "invoice.verified", "receivable.confirmed", "certificate.issued"):
        assert kinds[kind] == summary.imported
    assert kinds["payment.recorded"] == kinds["certificate.redeemed"] == summary.settled
    assert kinds["receivable.adjusted"] == summary.disputed
    assert sum(kinds.values()) == summary.transactions - 1  # the deployment is no record
    assert kinds["certificate.transfer_proposed"] == kinds["certificate.signed_in"] > 0
    assert kinds["certificate.split"] > 0


def test_every_record_is_of_a_known_kind_and_shape(small):
    for kind, _, _, event in small[2]:
        assert not isinstance(decode(kind, event.payload), Undecoded)


def test_every_asset_is_assigned_once_on_its_issue_date(small):
    issued = {p["receivable"]: on for kind, p, on, _ in small[2] if kind == "receivable.registered"}
    assigned = [
        (a["asset"], p["date"], on)
        for kind, p, on, _ in small[2]
        if kind in ("pool.assigned", "pool.revolving_purchased")
        for a in p["assets"]
    ]
    assert sorted(asset for asset, *_ in assigned) == sorted(issued)
    assert all(issued[asset] == on == date.fromisoformat(day) for asset, day, on in assigned)


def test_certificates_conserve_value_and_are_spent_once(small):
    live, spent = {}, set()
    for kind, payload, _, event in small[2]:
        if not kind.startswith("certificate."):
            continue
        taken = payload.get("inputs", [])
        assert not spent & set(taken)
        spent |= set(taken)
        amount = sum(live.pop(each)["amount"] for each in taken)
        outputs = payload.get("outputs", [])
        if taken and outputs:
            assert amount == sum(each["amount"] for each in outputs)
        live |= {f"0x{event.transaction_hash.hex()}:{at}": each for at, each in enumerate(outputs)}
    assert sum(each["amount"] for each in live.values()) == _open_amount(small)
    assert {owner for each in live.values() for owner in each["owners"]} == {"factor"}


def _open_amount(small):
    made = sum(p["amount"] for kind, p, *_ in small[2] if kind == "receivable.registered")
    return made - sum(p["amount"] for kind, p, *_ in small[2] if kind == "payment.recorded")


def test_cash_flows_through_and_is_never_more_than_came_in(small):
    records = small[2]
    paid = sum(p["amount"] for kind, p, *_ in records if kind == "payment.recorded")
    collected = {p["collection"]: p["amount"] for kind, p, *_ in records if kind == "collection.received"}
    remitted = [p for kind, p, *_ in records if kind == "collection.remitted"]
    assert paid == sum(collected.values())
    passed_on = [name for each in remitted for name in each["collections"]]
    assert len(passed_on) == len(set(passed_on))
    last = max(on for kind, _, on, _ in records if kind == "collection.remitted")
    late = {p["collection"] for kind, p, on, _ in records if kind == "collection.received" and on > last}
    assert set(passed_on) == collected.keys() - late
    assert sum(each["amount"] for each in remitted) == sum(collected[name] for name in passed_on)
    cash, outstanding = 0, {}
    for kind, payload, *_ in records:
        if kind == "plan.established":
            outstanding = {each["tranche"]: each["principal"] for each in payload["tranches"]}
        cash += payload["amount"] if kind in ("collection.received", "shortfall.paid") else 0
        cash -= payload["price"] if kind == "pool.revolving_purchased" else 0
        cash -= payload["amount"] if kind in ("fee.paid", "shortfall.repaid") else 0
        if kind == "distribution.made":
            cash -= payload["principal"] + payload["interest"]
            outstanding[payload["tranche"]] -= payload["principal"]
            assert outstanding[payload["tranche"]] >= 0
        assert cash >= 0
    kinds = Counter(kind for kind, *_ in records)
    assert kinds["pool.revolving_purchased"] > 5
    assert kinds["distribution.made"] > 10
    assert kinds["fee.paid"] > 10


def test_the_plan_raises_what_its_assets_cost_beyond_collections(small):
    raised = sum(each["principal"] for each in _of(small, "plan.established")[0]["tranches"])
    assigned = sum(each["price"] for each in _of(small, "pool.assigned"))
    bought = sum(each["price"] for each in _of(small, "pool.revolving_purchased"))
    assert assigned // FACE * FACE == raised
    assert bought > raised // 2


def test_the_plan_keeps_the_days_of_its_file(small):
    (plan,) = _of(small, "plan.established")
    said, rows = plan["document"], _of(small, "receivable.registered")
    issued = [date.fromisoformat(each["issued"]) for each in _of(small, "invoice.registered")]
    due = max(date.fromisoformat(each["due"]) for each in rows)
    assert plan["closing"] == (min(issued) - timedelta(days=1)).isoformat()
    assert said["revolving"]["until"] == max(issued).isoformat()
    assert date.fromisoformat(plan["maturity"]) > due + timedelta(days=364)
    assert said["dates"]["pay"][0] > plan["closing"]
    assert said["dates"]["pay"][-1] <= plan["maturity"]
    paid = sorted({each["date"] for each in _of(small, "distribution.made")})
    stated = [next_weekday(date.fromisoformat(each)).isoformat() for each in said["dates"]["pay"]]
    assert paid == stated[: len(paid)]
    assert stated[len(paid)] > max(on.isoformat() for *_, on, _ in small[2])
    (kept,) = (each for each in _of(small, "holdings.reported") if each["tranche"] == "C")
    assert [each["investor"] for each in kept["holders"]] == plan["originators"]


def test_no_one_has_more_of_the_file_than_the_limits_allow(small):
    (plan,), rows = _of(small, "plan.established"), _of(small, "receivable.registered")
    for limit in plan["document"]["concentration"]:
        held = Counter()
        for each in rows:
            held[each[limit["by"]]] += each["amount"]
        share = Decimal(max(held.values())) / held.total()
        assert share <= Decimal(limit["limit"]) < share + Decimal("0.05")


def _of(small, kind):
    return [payload for each, payload, *_ in small[2] if each == kind]


def test_a_file_that_is_settled_whole_is_paid_to_its_end(tmp_path):
    lines = generate_sample(5, SMALL).decode("utf-8-sig").splitlines()
    cells = [line.split(",") for line in lines]
    content = "\n".join(",".join([*row[:10], row[10] or row[2], row[11]]) for row in cells)
    summary, out = imported(tmp_path, content.encode())
    records = list(history(out, summary))
    paid = sum(p["amount"] for kind, p, *_ in records if kind == "payment.recorded")
    assert summary.settled == SMALL
    assert paid == sum(p["amount"] for kind, p, *_ in records if kind == "collection.remitted")
    left = {}
    for kind, payload, *_ in records:
        if kind == "plan.established":
            left = {each["tranche"]: each["principal"] for each in payload["tranches"]}
        if kind == "distribution.made":
            left[payload["tranche"]] -= payload["principal"]
    assert (left["A"], left["B"]) == (0, 0)


def test_what_is_disputed_and_open_is_so_by_the_last_day_of_the_file(tmp_path):
    heading, *rows = generate_sample(5, SMALL).decode("utf-8-sig").splitlines()
    cells = [row.split(",") for row in rows]
    content = "\n".join([heading, *(",".join([*row[:10], "", "是"]) for row in cells)])
    summary, out = imported(tmp_path, content.encode())
    assert summary.last == max(date.fromisoformat(row[1]) for row in cells)
    disputed = [on for kind, _, on, _ in history(out, summary) if kind == "receivable.adjusted"]
    assert len(disputed) == SMALL
    assert max(disputed) == summary.last


def test_nobody_is_paid_where_nothing_was_settled(tmp_path):
    heading, *rows = generate_sample(5, 3).decode("utf-8-sig").splitlines()
    content = "\n".join([heading, *(",".join([*row.split(",")[:10], "", "否"]) for row in rows)])
    summary, out = imported(tmp_path, content.encode())
    kinds = Counter(kind for kind, *_ in history(out, summary))
    assert kinds["plan.established"] == 1
    assert not kinds["distribution.made"] + kinds["shortfall.called"] + kinds["pool.revolving_purchased"]


def test_a_replica_finds_nothing_to_object_to(small, tmp_path):
    """Every sender's role allows what it writes, every reference exists, nothing is spent twice."""
    summary, out, _ = small
    with Store.create(f"sqlite:///{tmp_path / 'ledger.db'}") as store:
        source = ArchiveSource(out)
        contract = bytes.fromhex(summary.contract[2:])
        join(store, source, genesis_hash=bytes.fromhex(summary.genesis_hash[2:]), contracts=(contract,))
        report = sync(store, source, evidence=tmp_path, workers=1)
        head = store.head()
    assert (report.findings, head.height, f"0x{head.hash.hex()}") == (0, summary.blocks - 1, summary.head)


def test_blocks_stand_on_business_days_in_utc(small):
    for kind, payload, on, _ in small[2]:
        if kind in ("payment.recorded", "pool.assigned", "distribution.made", "collection.remitted"):
            assert payload["date"] == on.isoformat()


def test_the_same_file_and_seed_give_the_same_archive(small, tmp_path):
    summary, out = imported(tmp_path, generate_sample(5, SMALL))
    assert summary == small[0]
    mine, theirs = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in (out, small[1]))
    assert mine == theirs


def test_another_seed_gives_other_keys_and_the_same_business(small, tmp_path):
    summary, _ = imported(tmp_path, generate_sample(5, SMALL), seed=2)
    assert summary.genesis_hash != small[0].genesis_hash
    assert (summary.amount, summary.rows) == (small[0].amount, small[0].rows)


def test_bad_rows_are_listed_and_the_rest_is_imported(tmp_path):
    lines = generate_sample(5, SMALL).decode("utf-8-sig").splitlines()
    lines[3] += ",extra"
    lines[5] = lines[4]
    lines.insert(7, "")
    summary, _ = imported(tmp_path, "\n".join(lines).encode())
    assert [(each.line, each.code) for each in summary.rejected] == [(4, "column-count"), (6, "duplicate")]
    assert (summary.rows, summary.imported, summary.blank) == (SMALL, SMALL - 2, 1)
    assert json.loads(json.dumps(summary.as_json()))["rejected"][0]["line"] == 4


def test_a_workbook_gives_the_same_history_as_a_file(small, tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    for line in generate_sample(5, SMALL).decode("utf-8-sig").splitlines():
        book.active.append(line.split(","))
    book.save(tmp_path / "rows.xlsx")
    summary = import_receivables(
        tmp_path / "rows.xlsx", packaged_map("demo"), tmp_path / "out", workbook=True, suite="ecdsa"
    )
    assert summary == small[0]


def test_a_used_folder_is_left_alone(small, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("kept")
    with pytest.raises(OutputRefused):
        imported(tmp_path, generate_sample(5, SMALL))
    assert (tmp_path / "out" / "mine").read_text() == "kept"


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "out").mkdir()
    _, out = imported(tmp_path, generate_sample(5, 3))
    assert (out / PIN).exists()


def test_an_interrupted_import_leaves_nothing(tmp_path):
    class Interrupted(Exception):
        pass

    def stop(done, total):
        raise Interrupted

    with pytest.raises(Interrupted):
        imported(tmp_path, generate_sample(5, 3), progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_progress_counts_up_to_the_whole(tmp_path):
    seen = []
    summary, _ = imported(tmp_path, generate_sample(5, 10), progress=lambda done, total: seen.append((done, total)))
    whole = summary.imported + summary.settled + summary.disputed
    assert seen == [(at, whole) for at in range(1, whole + 1)]


def test_a_file_without_a_usable_row_is_refused(tmp_path):
    with pytest.raises(Malformed) as refused:
        imported(tmp_path, generate_sample(5, 1).replace(b"2024-", b"2o24-"))
    assert refused.value.code == "no-receivables"
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_busy_day_fills_more_than_one_block(tmp_path):
    heading, first = generate_sample(5, 1).decode("utf-8-sig").splitlines()
    number = first.split(",")[0]
    rows = [first.replace(number, f"{int(number) + at}", 1) for at in range(250)]
    summary, _ = imported(tmp_path, "\n".join([heading, *rows]).encode())
    assert (summary.imported, summary.transactions > 1500) == (250, True)
    assert sum(kind == "pool.assigned" for kind, *_ in history(tmp_path / "out", summary)) == 2


def test_the_sample_is_the_same_for_its_seed_and_says_what_it_should(tmp_path):
    content = generate_sample(1)
    assert content == generate_sample(1) != generate_sample(2)
    (tmp_path / "s.csv").write_bytes(content)
    rows = list(read_rows(tmp_path / "s.csv", packaged_map("demo"), workbook=False))
    assert len(rows) == 300
    assert all(isinstance(row, Receivable) for row in rows)
    assert len({row.debtor for row in rows}) == DEBTORS
    assert {row.issued.year for row in rows} == {2024, 2025}
    late = [row for row in rows if row.settled and row.settled > row.due]
    unsettled = [row for row in rows if row.settled is None]
    assert len(late) > 30
    assert len(unsettled) > 10
    assert max(row.settled for row in rows if row.settled) <= AS_OF
    assert all(len(row.number) == 20 and row.number[:2] == f"{row.issued:%y}" for row in rows)


def test_interest_is_rounded_half_up():
    assert interest(10_000_000, Decimal("0.0320"), 91) == 79_781  # 79,780.82
    assert interest(36_500, Decimal("0.0050"), 1) == 1  # 0.5


def test_the_waterfall_keeps_unpaid_interest_due_and_ranks_principal():
    flow = Waterfall(
        tranches=[
            Tranche(tranche="A", name="a", rank="senior", principal=36_500, rate=Decimal("0.1")),
            Tranche(tranche="C", name="c", rank="subordinated", principal=1_000, rate=None),
        ],
        since=date(2024, 1, 1),
        cash=100,
    )
    assert not flow.covers_interest(date(2024, 1, 21))
    assert [(each.tranche, each.principal, each.interest) for each in flow.pay(date(2024, 1, 21))] == [("A", 0, 100)]
    flow.cash = 40_000
    paid = [(each.tranche, each.principal, each.interest) for each in flow.pay(date(2024, 1, 31))]
    assert paid == [("A", 36_500, 200), ("C", 1_000, 2_300)]  # 100 overdue, 100 new; what is left goes to the last
    assert flow.cash == 0


@pytest.mark.parametrize(
    ("total", "units"),
    [(1_234_567, [98, 9, 16]), (70_000, [5, 1, 1]), (30_000, [1, 1, 1]), (9_999, [1, 1, 1])],
)
def test_tranches_are_whole_units_and_never_without_one(total, units):
    rates = {"senior_rate": Decimal("0.03"), "mezzanine_rate": Decimal("0.04")}
    made = tranches_of(total, senior=Decimal("0.8"), mezzanine=Decimal("0.08"), **rates)
    assert [each.principal // FACE for each in made] == units
    assert sum(units) == max(total // FACE, 3)


def test_periods_end_with_the_calendar():
    assert list(period_ends(date(2023, 11, 30), date(2024, 2, 29), 1)) == [
        date(2023, 11, 30), date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29),
    ]  # fmt: skip
    assert list(period_ends(date(2023, 12, 31), date(2024, 1, 1), 3)) == [date(2023, 12, 31), date(2024, 3, 31)]
    assert [next_weekday(date(2024, 3, day)) for day in (29, 30, 31)] == [date(2024, 3, 29), *[date(2024, 4, 1)] * 2]


@pytest.mark.oracle
@pytest.mark.slow
def test_the_ibm_ledger_is_imported_whole(tmp_path):
    file = oracle("receivables/ibm_accounts_receivable.csv")
    summary = import_receivables(file, packaged_map("ibm"), tmp_path / "out", suite="ecdsa")
    assert (summary.rows, summary.imported, summary.rejected) == (2466, 2466, ())
    assert (summary.debtors, summary.amount, summary.settled) == (100, 147_703_18, 2466)
    balance = defaultdict(int)
    for kind, payload, on, _ in history(tmp_path / "out", summary):
        if on <= date(2013, 6, 30) and kind == "receivable.registered":
            balance[payload["receivable"]] += payload["amount"]
        if on <= date(2013, 6, 30) and kind == "payment.recorded":
            balance[payload["settles"][0]["id"]] -= payload["amount"]
    assert sum(balance.values()) == 5_119_85


@pytest.mark.oracle
def test_the_open_invoices_say_which_rows_cannot_be(tmp_path):
    file = oracle("receivables/highradius_open_invoices.csv")
    rows = list(read_rows(file, packaged_map("highradius"), workbook=False))
    good = [row for row in rows if isinstance(row, Receivable)]
    assert (len(rows), len(good)) == (9681, 9654)
    assert {row.code for row in rows if not isinstance(row, Receivable)} == {"due-before-issue"}
