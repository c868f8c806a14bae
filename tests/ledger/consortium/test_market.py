"""A generated market: exact in number, repeatable to the byte, lawful to the last record, and wide in its kinds."""

from collections import Counter, defaultdict
from decimal import Decimal

import pytest

from ledger.consortium import OutputRefused
from ledger.consortium.keys import credit_code
from ledger.consortium.market import generate_market, labels_of
from ledger.consortium.market.chance import Chance, Weighted
from ledger.consortium.market.names import company
from ledger.errors import LedgerError
from ledger.records import KINDS
from ledger.records.members import uscc_holds
from tests.support.generated import followed, shown, written

SIZE = {"receivables": 400, "plans": 2, "months": 10, "seed": 7, "suite": "ecdsa"}

# Kinds that a market of this size may do without: they are rare, and scenarios or stories of trouble write them.
RARE = {
    "asset.defaulted", "asset.disputed", "asset.recovered", "asset.written_off", "certificate.cancelled",
    "certificate.frozen", "certificate.unfrozen", "certificate.withdrawn", "cleanup_call", "credit.frozen",
    "credit.restored", "event.declared", "financing.defaulted", "financing.extended", "member.updated",
    "plan.liquidated", "plan.terms_amended", "pool.repurchased", "pool.substituted", "receivable.settled",
    "registration.amended", "registration.disputed", "registration.extended", "shortfall.called", "shortfall.paid",
    "shortfall.repaid", "account.moved",
    "warehouse_receipt.split",
}  # fmt: skip


def contents(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market") / "out"
    summary = generate_market(folder, **SIZE)
    return folder, summary, followed(folder, summary, folder.parent / "home")


@pytest.mark.slow
def test_a_lawful_market_raises_nothing(market):
    _, _, store = market
    assert shown(store) == Counter()


@pytest.mark.slow
def test_receivables_are_as_many_as_asked(market):
    _, summary, store = market
    kinds = Counter(record.kind for record in written(store))
    assert kinds["receivable.registered"] == summary.receivables == SIZE["receivables"]
    assert kinds.total() == summary.records
    assert 5 < summary.records / summary.receivables < 8
    assert kinds["plan.established"] == summary.plans == summary.plans_asked == SIZE["plans"]


@pytest.mark.slow
def test_every_kind_acts(market):
    kinds = {record.kind for record in written(market[2])}
    assert {kind for kind, _ in KINDS} - kinds <= RARE


@pytest.mark.slow
def test_every_member_has_a_lawful_code_and_a_name_of_its_own(market):
    members = [record.payload for record in written(market[2]) if record.kind == "member.admitted"]
    assert all(uscc_holds(each["uscc"]) for each in members)
    assert len({each["name"] for each in members}) == len({each["uscc"] for each in members}) == len(members)


@pytest.mark.slow
def test_invoice_numbers_are_of_their_year_and_their_sellers_province(market):
    codes, numbers = {}, set()
    for record in written(market[2]):
        if record.kind == "member.admitted":
            codes[record.payload["member"]] = record.payload["uscc"]
        if record.kind == "invoice.registered":
            number = record.payload["number"]
            assert len(number) == 20
            assert number[:2] == record.payload["issued"][2:4]
            assert number[2:4] == codes[record.payload["seller"]][2:4]
            assert number not in numbers
            numbers.add(number)


@pytest.mark.slow
def test_a_few_debtors_owe_much(market):
    owed = defaultdict(int)
    for record in written(market[2]):
        if record.kind == "receivable.registered":
            owed[record.payload["debtor"]] += record.payload["amount"]
    largest = sorted(owed.values(), reverse=True)
    assert sum(largest[: max(1, len(largest) // 5)]) > sum(largest) * 3 // 10


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    small = {"receivables": 30, "plans": 1, "months": 2, "seed": 3, "trouble": {"output.double_spend": Decimal("0.1")}}
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        generate_market(folder, **small)
    assert contents(folders[0]) == contents(folders[1])
    assert labels_of(folders[0]).read_bytes() == labels_of(folders[1]).read_bytes() != b""
    other = tmp_path / "c"
    generate_market(other, **(small | {"seed": 4}))
    assert contents(other) != contents(folders[0])


@pytest.mark.slow
def test_worker_processes_change_no_byte(tmp_path):
    small = {"receivables": 60, "plans": 1, "months": 2, "seed": 3}
    generate_market(tmp_path / "here", **small)
    generate_market(tmp_path / "there", workers=2, **small)
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def test_nothing_is_left_of_a_market_that_was_interrupted(tmp_path):
    def interrupt(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate_market(tmp_path / "out", receivables=20, plans=0, months=2, seed=1, suite="ecdsa", progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_used_folder_is_refused(tmp_path):
    (tmp_path / "mine").touch()
    with pytest.raises(OutputRefused):
        generate_market(tmp_path, receivables=1, plans=0, months=1, seed=1)


def test_trouble_that_nobody_tells_is_refused(tmp_path):
    with pytest.raises(LedgerError) as caught:
        generate_market(tmp_path / "a", receivables=1, plans=0, months=1, seed=1, trouble={"no.such": Decimal(1)})
    assert caught.value.code == "unknown-trouble"


def test_trouble_that_does_not_fit_is_refused(tmp_path):
    every = {"receivables": 5, "plans": 0, "months": 3, "seed": 1, "suite": "ecdsa"}
    with pytest.raises(LedgerError) as caught:
        generate_market(tmp_path / "a", **every, trouble={"phantom_debtor": Decimal(1)})
    assert caught.value.code == "market-too-small"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("total", [1, 2, 7, 1_000_003])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_parts_add_up_and_are_positive(total, count):
    parts = Chance(1, "parts").parts(total, count)
    assert sum(parts) == total
    assert len(parts) == min(count, total)
    assert min(parts) > 0


def test_choices_follow_the_weights():
    weighted, chance = Weighted([6, 3, 1]), Chance(1, "weights")
    drawn = Counter(chance.weigh(weighted) for _ in range(3_000))
    assert drawn[0] > drawn[1] > drawn[2] > 150
    assert set(drawn) == {0, 1, 2}


def test_no_two_companies_have_one_name():
    chance = Chance(1, "names")
    named = [company(at, chance, "电子元件") for at in range(5_000)]
    without_place = {name.removeprefix(place.city) for name, place in named}
    assert len(without_place) == len(named)


def test_a_credit_code_begins_with_its_region():
    code = credit_code(1, "somebody", region="440300")
    assert code[2:8] == "440300"
    assert uscc_holds(code)
