"""Every code and sentence of the engine that reaches a screen has a text in both languages; no text is for nothing."""

from __future__ import annotations

import ast
import re
import string
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from abs import actuals, limits
from abs.booked.entries import Kind
from abs.coverage import TrancheCoverage, measures
from abs.figure import Figure, Unit
from abs.money import Rounding
from abs.movements import CAME, LEFT
from abs.pool import read_pool
from abs.reading import business_day, plan_of, read_frame
from abs.reconciliation import reconcile
from abs.reconciliation.rules import CAUSES
from abs.reconciliation.trials import Case, Trial
from abs.scenario import PRESETS, preset
from abs.stratification import Strata
from abs.stress.result import Covered
from abs.terms import PlanTerms, terms_of
from abs.terms.parts import Concentration
from abs.terms.vocabulary import MEASURES, OF_EACH
from abs.waterfall.triggers import STATES
from dashboards.texts import PAGES, TERMINAL, TEXTS, Language, text
from dashboards.texts.authenticity import AUTHENTICITY
from dashboards.texts.casework import CASEWORK
from dashboards.texts.deal import DEAL
from dashboards.texts.engine import measure, sentence
from dashboards.texts.findings import FINDINGS
from dashboards.texts.kinds import KINDS
from dashboards.texts.measures import MEASURES as NAMED
from dashboards.texts.sentences import SENTENCES
from dashboards.texts.words import WORDS
from ledger.finding import Severity
from ledger.records import pools
from ledger.store import Store
from regulator.lookthrough import look_through
from tests.support.ledger_book import Book
from tests.support.market import Market, sample_market
from tests.support.paid_plan import FIRST, SECOND, PaidPlan, terms

ROOT = Path(__file__).parents[2]
ENGLISH = re.compile(r"[a-z]{3,}")
KEPT = re.compile(r"\bmax\b|\bmin\b")


def literals(annotation: Any) -> set[str]:
    """The values of a Literal, wherever it stands in an annotation."""
    parts = get_args(annotation)
    return {part for part in parts if isinstance(part, str)}.union(*map(literals, parts)) if parts else set()


def causes_of_lines() -> set[str]:
    """What the waterfall may set as the cause of a line, by its source."""
    tree = ast.parse((ROOT / "abs/waterfall/__init__.py").read_text(encoding="utf-8"))
    assigned = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["cause"]
    ]
    compared = {"condition"}  # a step that did not run
    parts = [value for value in assigned for value in _leaves(value)]
    return compared | {part.value for part in parts if isinstance(part, ast.Constant)}


def _leaves(value: ast.expr) -> list[ast.expr]:
    return [*_leaves(value.body), *_leaves(value.orelse)] if isinstance(value, ast.IfExp) else [value]


def reasons() -> set[str]:
    """Why an asset leaves: what the kinds of records let it say, and what a substitution says."""
    found = {"substitution"}
    for kind in vars(pools).values():
        if isinstance(kind, type) and "reason" in getattr(kind, "__annotations__", {}):
            found |= literals(get_type_hints(kind, include_extras=True)["reason"])
    return found


CODES: dict[str, set[str]] = {
    "state": set(STATES),
    "cause": causes_of_lines(),
    "differs": set(CAUSES),
    "severity": {each.value for each in Severity},
    "item": set(get_args(Kind)),
    "rank": {"senior", "mezzanine", "subordinated"},
    "how": {*CAME, *LEFT},
    "reason": reasons(),
    "rule": {limits.EXCHANGE.rule, limits.PRINCIPAL.rule},
    "by": literals(Concentration.model_fields["by"].annotation) | {"debtor_or_group", "creditor_or_group"},
    "class": {each.name for each in fields(Strata)},
    "coverage": {each.name for each in fields(TrancheCoverage)} - {"tranche", "rank", "outstanding"},
    "cover": {each.name for each in fields(Covered)} - {"scope"},
    "actual": set(actuals.FIGURES) | {"title", "none"},
    "scenario": set(PRESETS),
    "rounding": {each.value for each in Rounding},
    "unit": {each.value for each in (Unit.FEN, Unit.DAYS, Unit.YEARS)},
}


@pytest.mark.parametrize("group", CODES)
def test_every_code_has_a_text_and_every_text_a_code(group: str) -> None:
    """``cause_`` also begins nothing else, and so on: a text for a code that is gone is found."""
    assert CODES[group]
    assert {name.removeprefix(f"{group}_") for name in TEXTS if name.startswith(f"{group}_")} == CODES[group]


def test_no_name_is_given_twice() -> None:
    tables = (PAGES, TERMINAL, DEAL, NAMED, WORDS, AUTHENTICITY, CASEWORK, FINDINGS, KINDS)
    assert len(TEXTS) == sum(map(len, tables))


@pytest.mark.parametrize("language", Language)
def test_every_measure_that_terms_may_name_has_a_text(language: Language) -> None:
    for name in MEASURES:
        assert f"measure_{name}" in TEXTS, name
    for pattern in OF_EACH:
        name = pattern.replace("<name>", "账户.A")
        assert measure(name, language) == text(f"measure_{pattern}", language, name="账户.A")
    assert measure("nobody.knows", language) == "nobody.knows"


SAMPLES = {
    "figure": "pool.balance", "figures": "pool.balance and coverage.oc", "said": "no balance", "number": "1,234.50",
    "entries": "fee x 1.00; principal A 2.00",
    "saids": "fee x 1.00 of period 2, principal A 2.00 of period 3", "date": "2024-05-01", "op": "<=",
    "state": "revolving", "rounding": "half_up", "by": "debtor_group", "item": "fee x", "items": "interest of A, fee x",
    "parts": "interest and fees on interest", "payer": "no step of the terms", "declared": "t, a declared event",
}  # fmt: skip
"""What the engine may put in a place, by its name; anything else is a name of the deal."""


@pytest.mark.parametrize("pair", SENTENCES, ids=lambda pair: pair[1][:40])
def test_a_sentence_is_found_by_its_english_and_said_in_both_languages(pair: tuple[str, str]) -> None:
    chinese, english = pair
    places = [{field for _, field, _, _ in string.Formatter().parse(each) if field} for each in pair]
    assert places[0] == places[1]
    assert chinese.strip()
    said = english.format(**{place: SAMPLES.get(place.rstrip("0123456789"), "甲") for place in places[0]})
    assert not ENGLISH.search(KEPT.sub("", sentence(said, Language.ZH))), sentence(said, Language.ZH)
    shown = sentence(said, Language.EN)
    words = re.split(r"\{\w+\}", english)
    assert all(word in shown for word in words), shown


def test_what_nobody_has_said_yet_stays_as_it_is() -> None:
    for language in Language:
        assert sentence("quite another matter", language) == "quite another matter"
        assert sentence("trigger t on: quite another matter, 2 in a row", language).startswith("trigger t on: quite")


def test_a_scenario_that_comes_with_the_program_is_described_in_both_languages() -> None:
    for name in PRESETS:
        said = preset(name).text
        assert sentence(said, Language.EN) == said
        assert not ENGLISH.search(sentence(said, Language.ZH))


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return sample_market(tmp_path_factory.mktemp("market"), rows=12)


def shown_figures(market: Market) -> list[tuple[str, Figure]]:
    """Every figure that `pool`, `metrics` and `look-through` show with its name and formula, on three days."""
    from portal.cli.pool import _composition

    found: list[tuple[str, Figure]] = []
    with Store.open(Path(market.home) / "ledger.db") as store:
        facts = store.at()
        deal = terms_of(facts, market.plan)
        frame = read_frame(facts, plan_of(facts, market.plan))
        entered = frame.assets["entered_on"].min()
        for day in (entered, deal.plan.closing, business_day(facts)):
            pool = read_pool(facts, market.plan, day)
            known = measures(facts, market.plan, day, deal)
            found += [(name, known[name]) for name in known]
            found += [(one.name, one) for one in (*known.reserves.figures(), *pool.movements(entered, day).figures())]
            seen = look_through(facts, market.plan, None, on=day).pool
            shown = (seen.original, seen.debtors.top_share, seen.debtors.hhi)
            found += [(one.name, one) for one in shown]
            data = _composition(pool, deal, 5)["figures"]
            found += [
                (one["name"], Figure(name=one["name"], value=0, unit=Unit.FEN, formula=one["formula"], height=1))
                for one in data
            ]
    return found


def test_every_figure_and_formula_on_a_screen_is_in_both_languages(market: Market) -> None:
    movements = re.compile(r"pool\.(came|left|added|removed|payments|adjustments|overpaid|unexplained)")
    for name, figure in shown_figures(market):
        assert measure(name, Language.ZH) != name, name
        if movements.match(name):
            continue  # the account shows no formulas
        said = sentence(figure.formula, Language.ZH)
        assert not ENGLISH.search(KEPT.sub("", said)), (name, figure.formula, said)


def test_every_trial_of_a_period_that_differs_is_said_in_both_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None reproduces the ledger, so that each is tried; what it would have said is in the table."""
    tried: list[str] = []

    def never(trial: Trial, _: Case) -> bool:
        tried.append(trial.text)
        return False

    monkeypatch.setattr(Trial, "reproduces", never)
    book = Book(tmp_path / "ledger.db")
    plan = PaidPlan(book, terms())
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, management=210, custody=50, A_interest=800, B_interest=146, tax=105, A_principal=18_589)
    plan.comes_in(30_000, SECOND)
    plan.pays(2, SECOND, management=346, custody=50, A_interest=714, B_interest=146, tax=86, B_principal=28_658)
    found = reconcile(book.store.at(), "plan-1")
    book.store.close()
    deal = PlanTerms.model_validate(terms())
    rules = {step.rule for waterfall in deal.waterfalls for step in waterfall.steps}
    named = {"plan-1", *rules, *(one.fee for one in deal.fees), *(one.trigger for one in deal.triggers)}
    names = re.compile("|".join(map(re.escape, sorted(named, key=len, reverse=True))))
    said = {*tried, *(one.message for one in found.findings), *(one.subject for one in found.findings)}
    assert len({one.split()[0] for one in tried}) > 5
    for each in said:
        told = sentence(each, Language.ZH)
        assert told != each, each
        assert not ENGLISH.search(names.sub("", told)), (each, told)
