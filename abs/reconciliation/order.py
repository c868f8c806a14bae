"""Mistakes about the order of payments: steps swapped or moved, shares instead of an order, a step left out, and
principal that a junior tranche got while a senior one was outstanding.

Steps that pay several are taken apart first, so that the fees or tranches of one step may be out of order too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from typing import Any, Final

from abs.booked.entries import Item
from abs.money import yuan_text
from abs.reconciliation.trials import Case, Trial, inserted, leaking, pinned, rules_of, with_steps
from abs.terms import Limit, PlanTerms, Step, TranchePart
from abs.waterfall import run_period
from abs.waterfall.books import INTEREST

__all__ = ["another_split", "held_back", "junior_early", "left_out", "reordered", "withheld"]

RANKS: Final = ("senior", "mezzanine", "subordinated")
MOST_SHARING: Final = 4  # payees of which every order is tried
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


def another_split(case: Case) -> Iterator[Trial]:
    """Of cash that is shared pro rata, the fen that do not divide go to another payee."""
    for waterfall in case.terms.waterfalls:
        for step in waterfall.steps:
            if step.pro_rata and 1 < len(step.pays) <= MOST_SHARING and step.rule in rules_of(case):
                for pays in list(permutations(step.pays))[1:]:
                    text = f"{step.rule} was shared with the fen that do not divide for {pays[-1]}, not {step.pays[-1]}"
                    terms = _changed(case.terms, step.rule, pays=pays)
                    yield Trial(cause="rounding", text=text, rule=step.rule, terms=terms)


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
    """Tranches get so much principal as the ledger states, before those above them, which are still outstanding.

    Each alone, and all that did together. One that principal is not due on yet gets it against the terms; one that
    bears no interest may get what is left over (收益) early, too.
    """
    early = [one for one in _ranked(case.terms) if case.more(_principal(one)) > 0 and _above(case, one)]
    for some in [*([one] for one in early), *([early] if len(early) > 1 else [])]:
        wanted = [(case.stated[_principal(one)], case.more(_principal(one))) for one in some]
        for amounts in dict.fromkeys(zip(*wanted, strict=True)):
            steps = [_repaying(case.terms, one, amount) for one, amount in zip(some, amounts, strict=True)]
            for terms in pinned(case):
                for rule in [*rules_of(case), None]:
                    yield _early(case, some, inserted(terms, steps, rule))
    for one in early:
        for _, terms in leaking(case, _pays_principal(case.terms, one.tranche), case.more(_principal(one))):
            yield _early(case, [one], terms, _principal(one))
    for one in case.terms.tranches:
        item = Item(kind="interest", name=one.tranche)
        if one.rate is None and item in case.stated and item not in case.by_terms() and _above(case, one):
            for _, terms in leaking(case, _pays_principal(case.terms, one.tranche), case.more(item)):
                yield _early(case, [one], terms, item)


def _early(case: Case, tranches: Sequence[TranchePart], terms: PlanTerms, astray: Item | None = None) -> Trial:
    what = "had" if astray is not None and astray.kind == "interest" else "was repaid"
    told = [
        f"{one.tranche} {what} {yuan_text(case.more(astray or _principal(one)))} early: principal of "
        f"{', '.join(other.tranche for other in _above(case, one))} is outstanding"
        for one in tranches
    ]
    named = ", ".join(one.tranche for one in tranches)
    rule = f"{'principal' if astray is None else astray.kind} {named}"
    return Trial(cause="junior_early", text="; ".join(told), rule=rule, terms=terms, astray=astray)


def _principal(tranche: TranchePart) -> Item:
    return Item(kind="principal", name=tranche.tranche)


def _above(case: Case, tranche: TranchePart) -> list[TranchePart]:
    """The tranches of better ranks that are outstanding after what the ledger states."""
    rank = RANKS.index(tranche.rank)
    return [one for one in _ranked(case.terms) if RANKS.index(one.rank) < rank and _left(case, one)]


def _repaying(terms: PlanTerms, tranche: TranchePart, amount: int) -> Step:
    account, name = _pays_principal(terms, tranche.tranche), tranche.tranche
    return Step(rule=f"∅{name}", action="principal", account=account, pays=(name,), limit=Limit(amount=amount))


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


def held_back(case: Case) -> Iterator[Trial]:
    """Less principal, moved, made up or repaid than is due, and everything else follows from it."""
    for item, due in case.by_terms().items():
        stated = case.stated.get(item, 0)
        if item.kind in ("fee", "interest") or stated >= due:
            continue
        text = f"{item}: {yuan_text(stated)} was paid, and {yuan_text(due)} is due; everything else follows from it"
        for whole in pinned(case):
            terms, _ = _apart(case, whole)
            rules = {step.rule for one in terms.waterfalls for step in one.steps if _moves_it(step, item)}
            for rule in rules_of(case):
                if rule in rules:
                    changed = _changed(terms, rule, limit=Limit(amount=stated))
                    yield Trial(cause="amount", text=text, rule=rule, terms=changed)


def _moves_it(step: Step, item: Item) -> bool:
    if item.kind == "principal":
        return step.action == "principal" and (not step.pays or item.name in step.pays)
    if item.kind == "move":
        return (step.account, step.to) == (item.name, item.to)
    return step.action == {"shortfall": "shortfall", "repaid": "repay"}[item.kind]


def _ranked(terms: PlanTerms) -> list[TranchePart]:
    return sorted(terms.tranches, key=lambda one: RANKS.index(one.rank))


def _left(case: Case, tranche: TranchePart) -> int:
    """What is outstanding of a tranche after what the ledger states."""
    repaid = case.stated.get(_principal(tranche), 0)
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


def _changed(terms: PlanTerms, rule: str, **changes: Any) -> PlanTerms:
    return with_steps(
        terms,
        [
            (one, [step.model_copy(update=changes) if step.rule == rule else step for step in one.steps])
            for one in terms.waterfalls
        ],
    )
