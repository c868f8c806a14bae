"""Mistakes about the order of payments: steps swapped or moved, shares instead of an order, a step left out, and
principal that a junior tranche got while a senior one was outstanding.

Steps that pay several are taken apart first, so that the fees or tranches of one step may be out of order too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from abs.booked.entries import Item
from abs.money import yuan_text
from abs.reconciliation.trials import Case, Trial, inserted, pinned, rules_of, with_steps
from abs.terms import Limit, PlanTerms, Step, TranchePart
from abs.waterfall import run_period
from abs.waterfall.books import INTEREST

__all__ = ["junior_early", "left_out", "reordered", "withheld"]

RANKS: Final = ("senior", "mezzanine", "subordinated")
PART: Final = "#"
"""Between a rule and whom it pays, where a step of several is taken apart."""


def reordered(case: Case) -> Iterator[Trial]:
    """Two steps are swapped, one is taken earlier or later, or cash is shared where there is an order, or not.

    The shortest way that a step could have been moved is tried first. Fees on interest (增值税) stay where they are:
    before the interest there would be none.
    """
    taxes = {one.fee for one in case.terms.fees if one.base == INTEREST}
    taxed = {line.rule for line in case.result.lines if line.action == "fees" and line.target in taxes}
    for whole in pinned(case):
        terms, rules = _apart(case, whole)
        for first, last in sorted(combinations(range(len(rules)), 2), key=_distance):
            for text, moved, order in _moves(rules, first, last):
                if not {rule.partition(PART)[0] for rule in moved} & taxed:
                    yield Trial(cause="wrong_order", text=text, rule=moved[0], terms=_in_order(terms, rules, order))
        for rule in rules_of(case):
            for shared, text in ((True, "pro rata, not in order"), (False, "in order, not pro rata")):
                changed = _changed(whole, rule, pro_rata=shared)
                yield Trial(cause="wrong_order", text=f"{rule} was paid {text}", rule=rule, terms=changed)


def _distance(pair: tuple[int, int]) -> int:
    return pair[1] - pair[0]


def _moves(rules: Sequence[str], first: int, last: int) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
    """The ways two rules may have changed places: in words, which were moved, and the order that makes."""
    before, one, between, other, after = (
        rules[:first], rules[first], rules[first + 1 : last], rules[last], rules[last + 1 :],
    )  # fmt: skip
    yield f"{other} was paid before {one}", (other,), [*before, other, one, *between, *after]
    if between:
        yield f"{one} was paid after {other}", (one,), [*before, *between, other, one, *after]
        yield f"{one} and {other} were swapped", (one, other), [*before, other, *between, one, *after]


def junior_early(case: Case) -> Iterator[Trial]:
    """A tranche gets so much principal as the ledger states, before those above it, which are still outstanding."""
    for place, tranche in enumerate(_ranked(case.terms)):
        item = Item(kind="principal", name=tranche.tranche)
        more = case.more(item)
        above = [one for one in _ranked(case.terms)[:place] if one.rank != tranche.rank and _left(case, one)]
        if more <= 0 or not above:
            continue
        account = _pays_principal(case.terms, tranche.tranche)
        named = ", ".join(one.tranche for one in above)
        text = f"{tranche.tranche} was repaid {yuan_text(more)} early: principal of {named} is outstanding"
        for amount in dict.fromkeys((case.stated[item], more)):
            step = Step(
                rule="∅", action="principal", account=account, pays=(tranche.tranche,), limit=Limit(amount=amount)
            )
            for terms in pinned(case):
                for rule in [*rules_of(case), None]:
                    changed = inserted(terms, step, rule)
                    yield Trial(cause="junior_early", text=text, rule=f"principal {tranche.tranche}", terms=changed)


def withheld(case: Case) -> Iterator[Trial]:
    """One step is left out and the cash is kept; where others had it instead, the order was wrong."""
    if sum(case.stated.values()) < sum(case.by_terms().values()):
        yield from left_out(case)


def left_out(case: Case) -> Iterator[Trial]:
    """One step, or what it pays one of several, is left out."""
    for whole in pinned(case):
        terms, rules = _apart(case, whole)
        for rule in rules:
            paid = [line for line in case.result.lines if line.rule == rule.partition(PART)[0] and line.amount]
            if paid:
                order = [one for one in rules if one != rule]
                text = f"{rule} was left out"
                yield Trial(cause="step_skipped", text=text, rule=rule, terms=_in_order(terms, rules, order))


def _ranked(terms: PlanTerms) -> list[TranchePart]:
    return sorted(terms.tranches, key=lambda one: RANKS.index(one.rank))


def _left(case: Case, tranche: TranchePart) -> int:
    """What is outstanding of a tranche after what the ledger states."""
    repaid = case.stated.get(Item(kind="principal", name=tranche.tranche), 0)
    return case.opening.tranches[tranche.tranche].outstanding - repaid


def _pays_principal(terms: PlanTerms, tranche: str) -> str:
    """The account that principal of a tranche is paid out of."""
    steps = [step for waterfall in terms.waterfalls for step in waterfall.steps if step.action == "principal"]
    listed = [step.account for step in steps if not step.pays or tranche in step.pays]
    return (listed or [terms.accounts[0].account])[0]


def _apart(case: Case, terms: PlanTerms) -> tuple[PlanTerms, list[str]]:
    """The terms with every step of several payees as several steps, and the rules that run then, in order.

    The last of them keeps the name of the rule, so that a draw up to it reaches as far as before. Where that pays
    otherwise, which a condition on the way may bring about, the terms stay whole.
    """
    everyone = {"fees": [one.fee for one in terms.fees], "interest": [one.tranche for one in terms.tranches]}
    everyone["principal"] = everyone["interest"]

    def parts(step: Step) -> list[Step]:
        payees = step.pays or tuple(everyone.get(step.action, ()))
        if step.action not in everyone or len(payees) < 2 or step.pro_rata or step.limit is not None:
            return [step]
        names = [*(f"{step.rule}{PART}{payee}" for payee in payees[:-1]), step.rule]
        return [
            step.model_copy(update={"rule": name, "pays": (payee,)}) for name, payee in zip(names, payees, strict=True)
        ]

    split = [(one, [part for step in one.steps for part in parts(step)]) for one in terms.waterfalls]
    apart = with_steps(terms, split)
    result = run_period(apart, case.opening, case.inputs)
    if case.items(result) != case.by_terms():
        return terms, rules_of(case)
    return apart, list(dict.fromkeys(line.rule for line in result.lines))


def _in_order(terms: PlanTerms, rules: Sequence[str], order: Sequence[str]) -> PlanTerms:
    """The terms with the steps of the waterfall that has all these rules in another order, or without some."""
    changed = []
    for waterfall in terms.waterfalls:
        steps = {one.rule: one for one in waterfall.steps}
        if set(rules) <= set(steps):
            others = [one for one in waterfall.steps if one.rule not in rules]
            changed.append((waterfall, [*(steps[rule] for rule in order), *others]))
    return with_steps(terms, changed)


def _changed(terms: PlanTerms, rule: str, *, pro_rata: bool) -> PlanTerms:
    return with_steps(
        terms,
        [
            (
                one,
                [step.model_copy(update={"pro_rata": pro_rata}) if step.rule == rule else step for step in one.steps],
            )
            for one in terms.waterfalls
        ],
    )
