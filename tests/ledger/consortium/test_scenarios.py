"""One small scenario per source system: lawful, and followed from its last record back to the first trade document."""

import json
from collections import defaultdict
from itertools import pairwise

import pytest

from ledger.consortium.scenarios import SCENARIOS, describe, generate_scenario
from ledger.errors import LedgerError
from tests.support.generated import followed, shown, written

SYSTEMS = {
    "wechain", "aisino", "uchains", "yinuo", "tianshu", "landport", "sanyue", "xiaomi", "chained_bills", "bill_pool",
    "financing_forms",
}  # fmt: skip
FIRST = {"document.registered", "order.registered"}
FORMS = {
    "receivable_discount", "forfaiting", "factoring", "payables_finance", "loan_on_receivables", "dealer_finance",
    "inventory_loan", "pre_shipment",
}  # fmt: skip


def words(value):
    """Every text within a payload, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from words(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from words(each)


NOUNS = {
    "collection.received": "collection", "collection.remitted": "remittance", "distribution.made": "distribution",
    "document.registered": "document", "financing.opened": "financing", "invoice.registered": "invoice",
    "order.registered": "order", "package.registered": "package", "payment.recorded": "payment",
    "plan.established": "plan", "receivable.registered": "receivable", "registration.filed": "registration",
    "warehouse_receipt.issued": "receipt", "credit.granted": "credit",
}  # fmt: skip
"""What a record of each kind makes, by the field that names it."""


def made_by(record):
    """The ids a record makes: of the thing it is about, and of its outputs."""
    noun = NOUNS.get(record.kind)
    outputs = record.payload.get("outputs", ())
    made = {f"{record.transaction_hash}:{at}" for at, each in enumerate(outputs) if isinstance(each, dict)}
    return made | ({record.payload[noun]} if noun else set())


@pytest.fixture(scope="module", params=SCENARIOS)
def played(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param) / "out"
    summary = generate_scenario(folder, request.param, suite="ecdsa")
    return summary, followed(folder, summary, folder.parent / "home")


def test_there_is_one_for_every_system():
    assert set(SCENARIOS) == SYSTEMS


def test_it_is_lawful(played):
    assert not shown(played[1])


def test_its_trail_leads_from_the_last_record_to_the_first_document(played):
    summary, store = played
    records = written(store)
    about = defaultdict(set)
    for record in records:
        mentioned = set(words(record.payload)) | made_by(record)
        for each in mentioned:
            about[each] |= mentioned
    trail = summary.trail
    assert trail[0] in set(words(records[-1].payload)) | made_by(records[-1])
    assert set(trail) <= set().union(*(made_by(record) for record in records))
    for later, earlier in pairwise(trail):
        assert earlier in about[later], f"no record names both {later} and {earlier}"
    first = [record for record in records if record.kind in FIRST and trail[-1] in made_by(record)]
    assert first
    assert first[0].payload.get("refers_to", []) == []


def test_it_tells_what_it_is_about(played):
    assert len(describe(played[0].scenario)) > 20


def test_every_financing_form_of_the_table_is_used(tmp_path):
    summary = generate_scenario(tmp_path / "a", "financing_forms", suite="ecdsa")
    store = followed(tmp_path / "a", summary, tmp_path / "home")
    assert {r.payload["form"] for r in written(store) if r.kind == "financing.opened"} == FORMS


def test_a_certificate_reaches_the_third_supplier(tmp_path):
    summary = generate_scenario(tmp_path / "a", "wechain", suite="ecdsa")
    records = written(followed(tmp_path / "a", summary, tmp_path / "home"))
    owners = [o["owners"] for r in records if r.kind.startswith("certificate.") for o in r.payload.get("outputs", [])]
    assert ["supplier-3"] in owners
    assert ["supplier-2", "supplier-3"] in owners


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in "ab":
        generate_scenario(tmp_path / name, "sanyue", seed=5)
    contents = [{f.name: f.read_bytes() for f in (tmp_path / name).iterdir()} for name in "ab"]
    assert contents[0] == contents[1]


def test_an_unknown_one_is_refused(tmp_path):
    with pytest.raises(LedgerError) as caught:
        generate_scenario(tmp_path / "a", "nonsense")
    assert caught.value.code == "unknown-scenario"
    assert not (tmp_path / "a").exists()


def test_a_summary_is_json(played):
    assert json.loads(json.dumps(played[0].as_json()))["trail"] == list(played[0].trail)
