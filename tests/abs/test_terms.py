"""Documents of terms: what is read, what is refused, and that every fault is named by its path."""

from __future__ import annotations

import json
import pickle
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.errors import BadTerms, Fault
from abs.terms import PlanTerms, checked, load_terms
from abs.terms.faults import HINTS, RUNS
from abs.terms.load import LONGEST_LINE, terms_in
from abs.terms.toml import toml_text
from ledger.records.base import canonical
from ledger.records.plan_terms import DEEPEST, MOST_BYTES, MOST_VALUES
from tests.support.deals import NAMES, changed, plain, terms_named, text_of

REVOLVING, REVERSE, SCHEDULED = "revolving-factoring", "reverse-factoring", "scheduled-receivables"


def faults(document: dict[str, Any]) -> dict[str, str]:
    """The faults of a document by path."""
    try:
        checked(terms_in(document))
    except BadTerms as failure:
        return {one.path: one.reason for one in failure.faults}
    return {}


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_read_and_survives_every_form(name: str) -> None:
    terms = terms_named(name)
    stored = canonical(terms.document())
    assert load_terms(stored, kind="json") == terms
    assert load_terms(toml_text(terms)) == terms
    assert canonical(load_terms(toml_text(terms)).document()) == stored
    assert load_terms(stored.decode(), kind="json").document() == terms.document()


def test_long_lists_and_tables_survive_every_form() -> None:
    """A text has lines that are no longer than its reader takes."""
    document = plain(REVOLVING)
    names = {f"债务人 {at}.{'x' * 40}": "A" for at in range(300)}
    document["metrics"]["debtor_ratings"] = names
    document["concentration"][0]["names"] = dict.fromkeys(names, Decimal("0.1"))
    document["eligibility"][5]["values"] = list(names)
    document["plan"]["originators"] = list(names)
    document["waterfalls"][0]["steps"][2]["when"] = [{"measure": "period", "op": ">", "value": at} for at in range(99)]
    terms = checked(terms_in(document))
    assert load_terms(toml_text(terms)) == terms


def test_there_are_three_examples() -> None:
    assert NAMES == [REVERSE, REVOLVING, SCHEDULED]


def test_a_stored_document_holds_no_float_and_no_null() -> None:
    def values(value: Any) -> list[Any]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return [value, *(one for each in inner for one in values(each))]

    for name in NAMES:
        kinds = {type(one) for one in values(terms_named(name).document())}
        assert kinds <= {dict, list, str, int, bool}


def test_numbers_are_exact() -> None:
    terms = terms_named(REVOLVING)
    assert terms.tranches[0].rate == Decimal("0.0385")
    assert str(terms.document()["tranches"][0]["rate"]) == "0.0385"
    small = changed(plain(REVOLVING), "eligibility[3].value", Decimal("0.0000001"))
    found = terms_in(small)
    assert found.document()["eligibility"][3]["value"] == "0.0000001"
    assert load_terms(canonical(found.document()), kind="json") == found
    large = terms_in(changed(plain(REVOLVING), "triggers[0].when.value", Decimal("1e3")))
    assert large.document()["triggers"][0]["when"]["value"] == "1000"


def test_a_criterion_is_read_as_its_field_counts() -> None:
    document = terms_named(REVERSE).document()
    values = {one.criterion: one.value for one in load_terms(json.dumps(document), kind="json").eligibility}
    assert values["确权"] is True
    assert values["未逾期"] == Decimal(0)
    assert values["到期日"] == date(2026, 3, 6)
    as_text = changed(plain(REVOLVING), "eligibility[5]", {
        "criterion": "地区", "text": "", "field": "region", "op": "==", "value": "44",
    })  # fmt: skip
    assert terms_in(as_text).eligibility[5].value == "44"


WRONG_TYPES: list[tuple[str, Any, str]] = [
    ("plan.plan", "", "at least 1 character"),
    ("plan.plan", "a\nb", "match pattern"),
    ("plan.plan", "x" * 121, "at most 120 characters"),
    ("plan.cutoff", "2025-2-28", "YYYY-MM-DD"),
    ("plan.cutoff", "2025-02-30", "YYYY-MM-DD"),
    ("plan.cutoff", 20250228, "YYYY-MM-DD"),
    ("plan.cutoff", date(1, 1, 1), "years 1980 to 2199"),
    ("plan.venue", "NYSE", "SSE"),
    ("plan.originators", [], "at least 1 item"),
    ("plan.extra", 1, "not permitted"),
    ("plan.name", ..., "required"),
    ("tranches[0].principal", Decimal("1.5"), "integer"),
    ("tranches[0].principal", "100", "integer"),
    ("tranches[0].principal", True, "integer"),
    ("tranches[0].principal", -1, "greater than or equal to 0"),
    ("tranches[0].principal", 10**15, "less than or equal to"),
    ("tranches[0].rate", 0.0385, "never a float"),
    ("tranches[0].rate", "0,05", "never a float"),
    ("tranches[0].rate", "1e-2", "never a float"),
    ("tranches[0].rate", True, "never a float"),
    ("tranches[0].rate", Decimal("NaN"), "at most 15 digits"),
    ("tranches[0].rate", Decimal("Infinity"), "at most 15 digits"),
    ("tranches[0].rate", Decimal("1e999999999"), "at most 15 digits"),
    ("tranches[0].rate", Decimal("1e-999999999"), "at most 20 digits after"),
    ("tranches[0].rate", 10**400, "at most 15 digits"),
    ("tranches[0].interest_on_unpaid", 1, "boolean"),
    ("tranches[0].maturity", None, "YYYY-MM-DD"),
    ("tranches", [], "at least 1 item"),
    ("conventions.day_count", "30/360 XX", "ACT/365F"),
    ("conventions.rounding", "nearest", "half_up"),
    ("conventions.face", 0, "greater than 0"),
    ("dates.roll", "forward", "following"),
    ("dates.calculation", 367, "less than or equal to 366"),
    ("triggers[0].periods", 0, "greater than or equal to 1"),
    ("waterfalls[0].steps", [], "at least 1 item"),
    ("waterfalls[0].steps[0].action", "burn", "transfer"),
    ("eligibility[0].value", "yes", "true or false"),
    ("eligibility[3].value", True, "exact number"),
    ("metrics.history", 0, "greater than or equal to 1"),
    ("format", "glasspool-terms/2", "glasspool-terms/1"),
]


@pytest.mark.parametrize(("path", "value", "reason"), WRONG_TYPES)
def test_a_value_of_the_wrong_type_is_named(path: str, value: Any, reason: str) -> None:
    found = faults(changed(plain(REVOLVING), path, value))
    assert list(found) == [path]
    assert reason in found[path]


WRONG: list[tuple[str, str, Any, str, str]] = [
    (REVOLVING, "tranches[1].tranche", "优先A级", "tranches[1].tranche", "already at tranches[0].tranche"),
    (REVOLVING, "fees[0].fee", "储备账户", "fees[0].fee", "already at accounts[2].account"),
    (REVOLVING, "triggers[1].trigger", "累计违约率-摊还", "triggers[1].trigger", "already"),
    (REVOLVING, "waterfalls[1].steps[1].rule", "费用", "waterfalls[1].steps[2].rule", "already"),
    (REVOLVING, "concentration[2].by", "debtor", "concentration[2].by", "already"),
    (REVOLVING, "affiliates[0].members[1]", "zhongsheng-trade", "affiliates[0].members[1]", "already"),
    (REVOLVING, "plan.closing", date(2024, 10, 1), "plan.closing", "before its cut-off"),
    (REVOLVING, "plan.maturity", date(2024, 11, 22), "plan.maturity", "no later than it closes"),
    (REVOLVING, "dates.pay[0]", date(2024, 11, 22), "dates.pay[0]", "not after 2024-11-22"),
    (REVOLVING, "dates.pay[2]", date(2025, 4, 30), "dates.pay[2]", "not after"),
    (REVOLVING, "dates.pay[8]", date(2028, 2, 1), "dates.pay[8]", "after the plan's maturity"),
    (REVOLVING, "dates.report", 9, "dates.report", "before the calculation"),
    (REVERSE, "dates.shortfall", 2, "dates.shortfall", "not between"),
    (REVOLVING, "revolving.until", date(2028, 1, 31), "revolving.until", "not between"),
    (REVOLVING, "tranches[0].maturity", date(2028, 2, 1), "tranches[0].maturity", "not between"),
    (REVOLVING, "tranches[0].rate", Decimal("3.85"), "tranches[0].rate", "no share from 0 to 1"),
    (REVOLVING, "tranches[0].schedule", [{"on": date(2025, 4, 30), "amount": 1}], "tranches[0].schedule", "has none"),
    (SCHEDULED, "tranches[0].schedule", [], "tranches[0].schedule", "needs a schedule"),
    (SCHEDULED, "tranches[0].schedule[3].amount", 1, "tranches[0].schedule", "not 30000000000"),
    (SCHEDULED, "tranches[0].schedule[1].on", date(2026, 1, 9), "tranches[0].schedule[1].on", "none of dates.pay"),
    (REVOLVING, "accounts[2].target", ..., "accounts[2].target", "a reserve needs a target"),
    (REVOLVING, "accounts[0].target", {"amount": 1}, "accounts[0].target", "only a reserve"),
    (REVOLVING, "accounts[2].target", {"factor": 1}, "accounts[2].target", "limits nothing"),
    (REVOLVING, "accounts[2].target.measure", "pool.count", "accounts[2].target.measure", "count, where fen is"),
    (REVOLVING, "accounts[2].target.factor", -1, "accounts[2].target.factor", "below 0"),
    (REVOLVING, "fees[0].rate", ..., "fees[0].rate", "share needs rate"),
    (REVOLVING, "fees[4].rate", Decimal("0.1"), "fees[4].rate", "fixed has no rate"),
    (REVOLVING, "fees[1].base", "pool.balances", "fees[1].base", "did you mean 'pool.balance'?"),
    (REVOLVING, "fees[3].base", "pool.balance", "fees[3].base", "fen, where count is needed"),
    (REVOLVING, "triggers[0].when.measure", "x", "triggers[0].when.measure", "no measure 'x'"),
    (REVOLVING, "triggers[0].when.than", "pool.balance", "triggers[0].when", "exactly one of value and than"),
    (REVOLVING, "triggers[0].when.value", ..., "triggers[0].when", "exactly one of value and than"),
    (REVOLVING, "triggers[2].when.than", "pool.count", "triggers[2].when.than", "count, where fen is"),
    (REVOLVING, "triggers[0].when.measure", "trigger.累计违约率-摊还", "triggers[0].when", "asks for itself"),
    (REVOLVING, "triggers[5].when.measure", "tranche.优先C级.arrears", "triggers[5].when.measure", "no measure"),
    (SCHEDULED, "triggers[1].effect", "amortising", "triggers[1].effect", "does not revolve"),
    (REVOLVING, "waterfalls[0].steps[0].account", "别的", "waterfalls[0].steps[0].account", "no account '别的'"),
    (REVOLVING, "waterfalls[0].steps[0].to", "监管账户", "waterfalls[0].steps[0].to", "where it comes from"),
    (REVOLVING, "waterfalls[0].steps[0].to", ..., "waterfalls[0].steps[0].to", "needs the account"),
    (REVOLVING, "waterfalls[0].steps[0].until", "费用", "waterfalls[0].steps[0].until", "does not look ahead"),
    (REVOLVING, "waterfalls[0].steps[0].pays", ["托管费"], "waterfalls[0].steps[0].pays", "pays nobody"),
    (REVOLVING, "waterfalls[0].steps[1].account", "监管账户", "waterfalls[0].steps[1].account", "no reserve"),
    (REVOLVING, "waterfalls[0].steps[1].until", "转付", "waterfalls[0].steps[1].until", "no rule '转付' comes after"),
    (REVOLVING, "waterfalls[0].steps[2].pays[1]", "托管", "waterfalls[0].steps[2].pays[1]", "no fee '托管'"),
    (REVOLVING, "waterfalls[0].steps[2].pays[1]", "托管费", "waterfalls[0].steps[2].pays", "paid twice"),
    (REVOLVING, "waterfalls[0].steps[3].pays[0]", "次级", "waterfalls[0].steps[3].pays[0]", "has no rate"),
    (REVOLVING, "waterfalls[0].steps[3].to", "储备账户", "waterfalls[0].steps[3].to", "has no account"),
    (REVOLVING, "waterfalls[0].steps[6].to", "监管账户", "waterfalls[0].steps[6].to", "no reserve"),
    (REVOLVING, "waterfalls[0].steps[7].pro_rata", True, "waterfalls[0].steps[7].pro_rata", "nothing to share out"),
    (REVOLVING, "waterfalls[0].steps[7].action", "repay", "waterfalls[0].steps[7].action", "no [shortfall]"),
    (REVOLVING, "waterfalls[1].steps[6].limit", {}, "waterfalls[1].steps[6].limit", "limits nothing"),
    (REVOLVING, "waterfalls[1].steps[10].pays", ["优先A级"], "waterfalls[1].steps[10].pays[0]", "not residual"),
    (REVOLVING, "waterfalls[1].steps[10].pays", [], "waterfalls[1].steps[10].pays", "to one tranche"),
    (REVOLVING, "waterfalls[0].state", "defaulted", "waterfalls", "exactly where [revolving]"),
    (REVOLVING, "waterfalls[2].state", "amortising", "waterfalls[2].state", "already at waterfalls[1].state"),
    (REVERSE, "waterfalls[0].state", "defaulted", "waterfalls", "none for the state amortising"),
    (REVOLVING, "revolving", ..., "waterfalls", "exactly where [revolving]"),
    (REVOLVING, "eligibility[3].field", "days_until_due", "eligibility[3].field", "the pool has no field"),
    (REVOLVING, "eligibility[3].op", "in", "eligibility[3].op", "no text"),
    (REVOLVING, "eligibility[5].values", [], "eligibility[5].values", "looks a text up"),
    (REVOLVING, "eligibility[3].value", ..., "eligibility[3].value", "compares with one value"),
    (REVOLVING, "eligibility[0].op", "<", "eligibility[0].op", "only equal or not"),
    (REVOLVING, "concentration[0].limit", 8, "concentration[0].limit", "no share"),
    (REVOLVING, "concentration[0].names.core-steel", 15, "concentration[0].names.core-steel", "no share"),
    (REVOLVING, "clean_up", 10, "clean_up", "no share"),
    (REVOLVING, "metrics.delinquency_edges", [30, 1], "metrics.delinquency_edges", "do not ascend"),
    (REVOLVING, "metrics.loss_stress", -1, "metrics.loss_stress", "below 0"),
]


@pytest.mark.parametrize(("name", "path", "value", "where", "reason"), WRONG)
def test_parts_that_disagree_are_named(name: str, path: str, value: Any, where: str, reason: str) -> None:
    assert faults(plain(name)) == {}
    found = faults(changed(plain(name), path, value))
    assert where in found
    assert reason in found[where]


@pytest.mark.parametrize(("many", "accounts", "known"), [(40, 1, True), (8, 8, True), (12, 12, False), (40, 2, False)])
def test_steps_look_ahead_of_each_other_as_far_as_a_period_can_be_run(many: int, accounts: int, known: bool) -> None:
    """Each that looks ahead to others doubles what a period costs; of those that fill one account, none does."""
    document = plain(REVOLVING)
    document["accounts"] += [{"account": f"a{at}", "kind": "custody", "bank": "b"} for at in range(accounts)]
    steps = document["waterfalls"][0]["steps"]
    for at in range(many):
        steps.insert(0, {"rule": f"d{at}", "action": "draw", "account": "储备账户", "to": f"a{at % accounts}"})
    found = faults(document)
    assert (found == {}) is known
    if not known:
        assert f"more than {RUNS} steps" in found["waterfalls[0].steps"]


def test_names_are_proposed_for_the_first_faults_alone() -> None:
    """To look for one may take half a second, and a document on the ledger may hold thousands of unknown names."""
    document = plain(REVOLVING)
    when = {"measure": "pool.balances", "op": ">", "value": 1}
    document["waterfalls"][0]["steps"][0]["when"] = [when] * (HINTS + 5)
    told = [reason for path, reason in faults(document).items() if path.endswith("measure")]
    assert len(told) == HINTS + 5
    assert sum("did you mean 'pool.balance'?" in reason for reason in told) == HINTS


def test_an_unused_fee_or_tranche_is_a_fault() -> None:
    document = plain(REVOLVING)
    document["fees"].append({"fee": "审计费", "payee": "auditor", "kind": "fixed", "amount": 1})
    for waterfall in document["waterfalls"]:
        waterfall["steps"] = [one for one in waterfall["steps"] if one["rule"] != "优先B级本金"]
    found = faults(document)
    assert found["fees[6]"] == "no step of any waterfall pays the fee '审计费'"
    assert found["tranches[1]"] == "no step of any waterfall repays tranche '优先B级'"


def test_residual_comes_last() -> None:
    document = plain(REVOLVING)
    steps = document["waterfalls"][1]["steps"]
    steps.append({**steps[0], "rule": "末步"})
    assert faults(document) == {
        "waterfalls[1].steps[10].action": "all that is left is paid last: a step comes after it"
    }


def test_all_faults_are_told_together() -> None:
    document = changed(changed(plain(REVOLVING), "plan.cutoff", "x"), "tranches[0].principal", "y")
    assert set(faults(document)) == {"plan.cutoff", "tranches[0].principal"}
    document = changed(changed(plain(REVOLVING), "clean_up", 10), "fees[1].base", "x")
    with pytest.raises(BadTerms) as failure:
        checked(terms_in(document))
    assert [one.path for one in failure.value.faults] == ["fees[1].base", "clean_up"]
    assert "2 faults" in str(failure.value)
    assert "fees[1].base: there is no measure 'x'; clean_up: 10 is" in str(failure.value)


def test_a_list_whose_only_member_is_wrong_is_not_called_too_short() -> None:
    document = plain("reverse-factoring")
    document["waterfalls"] = document["waterfalls"][:1]
    document["waterfalls"][0]["steps"][0]["action"] = "give"
    with pytest.raises(BadTerms) as refused:
        terms_in(document)
    assert [one.path for one in refused.value.faults] == ["waterfalls[0].steps[0].action"]


def test_a_hostile_name_is_told_harmlessly() -> None:
    with pytest.raises(BadTerms) as refused:
        terms_in({**plain("reverse-factoring"), "\x1b[2J": 1})
    assert [one.path for one in refused.value.faults] == ["'\\x1b[2J'"]


def test_many_faults_keep_the_sentence_short_and_travel() -> None:
    failure = BadTerms("terms-document", "Wrong", faults=tuple(Fault(path=f"a[{at}]", reason="x") for at in range(50)))
    assert "and 30 more" in str(failure)
    again = pickle.loads(pickle.dumps(failure))
    assert (str(again), again.faults, again.next_step) == (str(failure), failure.faults, failure.next_step)


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("a = 1\na = 2", "toml", "Cannot overwrite"),
        ("a = " + "[" * 3_000, "toml", "nested too deep"),
        ("x = " + "9" * 3_990, "toml", "not permitted"),
        ("a" * (LONGEST_LINE + 1), "toml", "a line has more"),
        ('"\u2028".' * LONGEST_LINE + "a = 1", "toml", "a line has more"),
        ("a = 1e99999999999999999999", "toml", "too long for a number"),
        ('{"a": 1e99999999999999999999}', "json", "too long for a number"),
        ("#" * MOST_BYTES + "\n", "toml", "more than"),
        (b"\xff", "toml", "not TOML"),
        ('a = "\ud800"', "toml", "not TOML"),
        ('{"a": 1, "a": 2}', "json", "stands twice"),
        ('{"a": NaN}', "json", "no number"),
        ('{"a": ' + "[" * 100_000, "json", "nested too deep"),
        ('{"a": ' + "9" * 5_000 + "}", "json", "not JSON"),
        ("[]", "json", "not an object"),
        ("", "json", "not JSON"),
    ],
)
def test_a_hostile_text_is_refused(text: str | bytes, kind: Any, reason: str) -> None:
    with pytest.raises(BadTerms, match="terms-document") as failure:
        load_terms(text, kind=kind)
    assert any(reason in str(one) for one in failure.value.faults)


def test_a_document_is_no_larger_than_a_record_carries() -> None:
    deep: Any = []
    for _ in range(DEEPEST - 2):
        deep = [deep]
    for value, reason in ((deep, "not permitted"), ([deep], "levels deep"), ([0] * MOST_VALUES, "values")):
        with pytest.raises(BadTerms, match=reason):
            load_terms(json.dumps({"x": value}), kind="json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.decimals(allow_nan=True) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
PATHS = ["plan", "plan.plan", "dates.pay", "tranches", "tranches[0].rate", "accounts[2].target", "fees[0]", "revolving"]
PATHS += ["waterfalls[0].steps", "waterfalls[0].steps[2].pays", "triggers[0].when", "eligibility[0].value", "metrics"]


@given(st.sampled_from(PATHS), JSON)
def test_whatever_stands_at_a_place_gives_terms_or_faults(path: str, value: Any) -> None:
    document = changed(plain(REVOLVING), path, value)
    try:
        found = checked(terms_in(document))
    except BadTerms as failure:
        told = failure.faults
    else:
        told = ()
        assert isinstance(found, PlanTerms)
        assert load_terms(canonical(found.document()), kind="json") == found
    assert all(one.reason for one in told)


@given(st.binary(max_size=200))
def test_bytes_are_terms_or_faults(raw: bytes) -> None:
    for kind in ("toml", "json"):
        with pytest.raises(BadTerms):
            load_terms(raw, kind=kind)


def test_a_text_of_json_may_hold_numbers_exactly() -> None:
    text = text_of(REVOLVING)
    assert "0.0385" in text
    document = json.dumps(terms_named(REVOLVING).document()).replace('"0.0385"', "0.0385")
    assert load_terms(document, kind="json") == terms_named(REVOLVING)
