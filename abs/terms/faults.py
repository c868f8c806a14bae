"""What is wrong in terms whose every part is well-formed: names that lead nowhere, amounts and days that disagree.

Each check reads the whole document and yields faults by path; none raises, so that a document's faults come together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from abs.errors import Fault
from abs.figure import Unit
from abs.terms.parts import Condition, Limit, PlanTerms, Step
from abs.terms.vocabulary import ACTIONS, FIELDS, MEASURES, OF_EACH

__all__ = ["faults_of"]

Faults = Iterator[Fault]

HINTS: Final = 10
"""Names of a document that another is proposed for: looking for one takes up to half a second, and anybody may write
thousands of unknown ones onto a ledger."""
RUNS: Final = 5_000
"""Steps that one period may run, those looked ahead to included: each that looks ahead of others doubles them."""


def faults_of(terms: PlanTerms) -> tuple[Fault, ...]:
    """Every fault of the terms, in the order of the checks; empty when there is none."""
    names = Names(terms)
    return tuple(fault for check in CHECKS for fault in check(terms, names))


class Names:
    """What the document names, for those parts that refer to it."""

    def __init__(self, terms: PlanTerms) -> None:
        self.account = [one.account for one in terms.accounts]
        self.reserve = [one.account for one in terms.accounts if one.kind == "reserve"]
        self.fee = [one.fee for one in terms.fees]
        self.tranche = [one.tranche for one in terms.tranches]
        self.trigger = [one.trigger for one in terms.triggers]
        self.units: dict[str, Unit] = {name: measure.unit for name, measure in MEASURES.items()}
        for pattern, (part, measure) in OF_EACH.items():
            for name in getattr(self, part):
                self.units[pattern.replace("<name>", name)] = measure.unit
        self._hints = HINTS

    def measure(self, path: str, name: str, *units: Unit) -> Faults:
        """A fault where nothing is measured under this name, or it is not counted in one of the units."""
        unit = self.units.get(name)
        if unit is None:
            yield Fault(path=path, reason=f"there is no measure {name!r}{self.meant(name, self.units)}")
        elif units and unit not in units:
            wanted = " or ".join(units)
            yield Fault(path=path, reason=f"{name} is counted in {unit}, where {wanted} is needed")

    def one_of(self, path: str, what: str, name: str, known: list[str]) -> Faults:
        """A fault where the document has no such part."""
        if name not in known:
            yield Fault(path=path, reason=f"there is no {what} {name!r}{self.meant(name, known)}")

    def meant(self, name: str, known: Iterable[str]) -> str:
        """Which of the known names is proposed instead, in words; nothing where none is near, or too many were."""
        if not self._hints:
            return ""
        self._hints -= 1
        near = get_close_matches(name, known, n=1, cutoff=0.75)
        return f"; did you mean {near[0]!r}?" if near else ""


def _named_once(terms: PlanTerms, names: Names) -> Faults:
    """Whatever cash is paid to has a name of its own, so that a line of the waterfall means one thing."""
    groups: dict[str, list[tuple[str, str]]] = {
        "payee": [
            *((f"tranches[{at}].tranche", name) for at, name in enumerate(names.tranche)),
            *((f"accounts[{at}].account", name) for at, name in enumerate(names.account)),
            *((f"fees[{at}].fee", name) for at, name in enumerate(names.fee)),
        ],
        "trigger": [(f"triggers[{at}].trigger", name) for at, name in enumerate(names.trigger)],
        "state": [(f"waterfalls[{at}].state", one.state) for at, one in enumerate(terms.waterfalls)],
        "criterion": [(f"eligibility[{at}].criterion", one.criterion) for at, one in enumerate(terms.eligibility)],
        "limit": [(f"concentration[{at}].by", one.by) for at, one in enumerate(terms.concentration)],
        "group": [(f"affiliates[{at}].group", one.group) for at, one in enumerate(terms.affiliates)],
        "code": [(f"tranches[{at}].code", one.code) for at, one in enumerate(terms.tranches)],
        "member": [
            (f"affiliates[{at}].members[{nth}]", name)
            for at, one in enumerate(terms.affiliates)
            for nth, name in enumerate(one.members)
        ],
    }
    for at, waterfall in enumerate(terms.waterfalls):
        groups[f"rules of {at}"] = [
            (f"waterfalls[{at}].steps[{nth}].rule", step.rule) for nth, step in enumerate(waterfall.steps)
        ]
    for entries in groups.values():
        seen: dict[str, str] = {}
        for path, name in entries:
            if name in seen:
                yield Fault(path=path, reason=f"{name!r} is already at {seen[name]}")
            seen.setdefault(name, path)


def _plan_days(terms: PlanTerms, _: Names) -> Faults:
    plan, pay = terms.plan, terms.dates.pay
    if plan.closing < plan.cutoff:
        yield Fault(path="plan.closing", reason=f"the plan closes before its cut-off day, {plan.cutoff}")
    if plan.maturity <= plan.closing:
        yield Fault(path="plan.maturity", reason=f"the plan matures no later than it closes, on {plan.closing}")
    for at, day in enumerate(pay):
        before = pay[at - 1] if at else plan.closing
        if day <= before:
            yield Fault(path=f"dates.pay[{at}]", reason=f"it is not after {before}")
        if day > plan.maturity:
            yield Fault(path=f"dates.pay[{at}]", reason=f"it is after the plan's maturity, {plan.maturity}")
    days = terms.dates
    if terms.shortfall is not None and not days.calculation >= days.shortfall >= days.instruction:
        yield Fault(
            path="dates.shortfall",
            reason=f"T-{days.shortfall} is not between the calculation, T-{days.calculation}, and the instruction, "
            f"T-{days.instruction}",
        )
    if days.report > days.calculation or days.instruction > days.calculation:
        late = "report" if days.report > days.calculation else "instruction"
        yield Fault(path=f"dates.{late}", reason=f"it is before the calculation, T-{days.calculation}")
    if (terms.revolving is not None) and not plan.closing < terms.revolving.until < plan.maturity:
        yield Fault(path="revolving.until", reason=f"it is not between {plan.closing} and {plan.maturity}")


def _tranches(terms: PlanTerms, _: Names) -> Faults:
    plan, pay = terms.plan, terms.dates.pay
    for at, one in enumerate(terms.tranches):
        path = f"tranches[{at}]"
        if not plan.closing < one.maturity <= plan.maturity:
            yield Fault(path=f"{path}.maturity", reason=f"it is not between {plan.closing} and {plan.maturity}")
        yield from _fraction(f"{path}.rate", one.rate)
        if (one.repayment == "scheduled") != bool(one.schedule):
            wanted = "needs a schedule" if one.repayment == "scheduled" else "has none"
            yield Fault(path=f"{path}.schedule", reason=f"a tranche whose repayment is {one.repayment} {wanted}")
            continue
        total = sum(part.amount for part in one.schedule)
        if one.schedule and total != one.principal:
            yield Fault(path=f"{path}.schedule", reason=f"its amounts are {total} fen in all, not {one.principal}")
        for nth, part in enumerate(one.schedule):
            if nth and part.on <= one.schedule[nth - 1].on:
                yield Fault(path=f"{path}.schedule[{nth}].on", reason=f"it is not after {one.schedule[nth - 1].on}")
            if part.on not in pay:
                yield Fault(path=f"{path}.schedule[{nth}].on", reason=f"{part.on} is none of dates.pay")
            if part.on > one.maturity:
                yield Fault(path=f"{path}.schedule[{nth}].on", reason=f"it is after the maturity, {one.maturity}")


def _fraction(path: str, rate: Decimal | None) -> Faults:
    """A rate is a share: 5.25 would be 525 per cent, and somebody forgot to divide."""
    if rate is not None and not 0 <= rate <= 1:
        yield Fault(path=path, reason=f"{rate} is no share from 0 to 1; 5.25 per cent is 0.0525")


def _accounts(terms: PlanTerms, names: Names) -> Faults:
    for at, one in enumerate(terms.accounts):
        path = f"accounts[{at}]"
        if (one.kind == "reserve") != (one.target is not None):
            wanted = "a reserve needs a target" if one.kind == "reserve" else "only a reserve has a target"
            yield Fault(path=f"{path}.target", reason=wanted)
        yield from _limit(f"{path}.target", one.target, names)


_FEES: Final = {"annual": "rate", "fixed": "amount", "share": "rate", "count": "amount"}


def _fees(terms: PlanTerms, names: Names) -> Faults:
    for at, one in enumerate(terms.fees):
        path, needs = f"fees[{at}]", _FEES[one.kind]
        for part in ("rate", "amount"):
            if (getattr(one, part) is None) == (part == needs):
                verb = "needs" if part == needs else "has no"
                yield Fault(path=f"{path}.{part}", reason=f"a fee of kind {one.kind} {verb} {part}")
        yield from _fraction(f"{path}.rate", one.rate)
        if one.kind != "fixed":
            unit = Unit.COUNT if one.kind == "count" else Unit.FEN
            yield from names.measure(f"{path}.base", one.base, unit)
        if not any(_pays(step, one.fee, "fees") for each in terms.waterfalls for step in each.steps):
            yield Fault(path=path, reason=f"no step of any waterfall pays the fee {one.fee!r}")


def _pays(step: Step, name: str, *actions: str) -> bool:
    """Whether a step may pay somebody; one of fees, interest or principal that lists nobody pays all of its kind."""
    return step.action in actions and (name in step.pays or name == step.to or not step.pays)


def _condition(path: str, condition: Condition, names: Names) -> Faults:
    if (condition.value is None) == (condition.than is None):
        yield Fault(path=path, reason="it compares with exactly one of value and than")
    yield from names.measure(f"{path}.measure", condition.measure)
    unit = names.units.get(condition.measure)
    if condition.than is not None:
        yield from names.measure(f"{path}.than", condition.than, *([unit] if unit else []))


def _limit(path: str, limit: Limit | None, names: Names) -> Faults:
    if limit is None:
        return
    if limit.amount is None and limit.measure is None:
        yield Fault(path=path, reason="it limits nothing: it needs an amount, a measure, or both")
    if limit.measure is not None:
        yield from names.measure(f"{path}.measure", limit.measure, Unit.FEN)
    if limit.factor < 0:
        yield Fault(path=f"{path}.factor", reason=f"{limit.factor} is below 0")


def _triggers(terms: PlanTerms, names: Names) -> Faults:
    for at, one in enumerate(terms.triggers):
        path = f"triggers[{at}]"
        yield from _condition(f"{path}.when", one.when, names)
        if f"trigger.{one.trigger}" in (one.when.measure, one.when.than):
            yield Fault(path=f"{path}.when", reason="it asks for itself")
        if one.effect == "amortising" and terms.revolving is None:
            yield Fault(path=f"{path}.effect", reason="the plan does not revolve: it amortises from the start")


def _waterfalls(terms: PlanTerms, names: Names) -> Faults:
    states = {one.state for one in terms.waterfalls}
    if "amortising" not in states:
        yield Fault(path="waterfalls", reason="there is none for the state amortising, which every plan comes to")
    if ("revolving" in states) != (terms.revolving is not None):
        yield Fault(path="waterfalls", reason="there is one for the state revolving exactly where [revolving] is set")
    for at, waterfall in enumerate(terms.waterfalls):
        if _runs(waterfall.steps) > RUNS:
            reason = f"too many look ahead of each other: a period would run more than {RUNS} steps"
            yield Fault(path=f"waterfalls[{at}].steps", reason=reason)
        for nth, step in enumerate(waterfall.steps):
            path = f"waterfalls[{at}].steps[{nth}]"
            yield from _step(path, step, terms, names)
            if step.action == "buy" and waterfall.state != "revolving":
                yield Fault(path=f"{path}.action", reason=f"nothing is bought in the state {waterfall.state}")
            if step.action == "residual" and nth != len(waterfall.steps) - 1:
                yield Fault(path=f"{path}.action", reason="all that is left is paid last: a step comes after it")
            if step.until is not None and step.until not in [one.rule for one in waterfall.steps[nth + 1 :]]:
                yield Fault(path=f"{path}.until", reason=f"no rule {step.until!r} comes after this step")
    steps = [step for each in terms.waterfalls for step in each.steps]
    for at, one in enumerate(terms.tranches):
        if not any(_pays(step, one.tranche, "principal") for step in steps):
            yield Fault(path=f"tranches[{at}]", reason=f"no step of any waterfall repays tranche {one.tranche!r}")
        if one.rate is not None and not any(_pays(step, one.tranche, "interest") for step in steps):
            yield Fault(path=f"tranches[{at}]", reason=f"no step pays interest of tranche {one.tranche!r}")


def _runs(steps: Sequence[Step]) -> int:
    """How many steps a period runs at most, when whoever fills an account first runs what it looks ahead to."""
    runs = [1] * len(steps)
    for place, step in reversed(list(enumerate(steps))):
        if (into := step.fills) is not None:
            for later in range(place + 1, len(steps)):
                runs[place] += runs[later] if steps[later].fills != into else 0
                if steps[later].rule == step.until:
                    break
    return sum(runs)


def _step(path: str, step: Step, terms: PlanTerms, names: Names) -> Faults:
    action = ACTIONS[step.action]
    yield from names.one_of(f"{path}.account", "account", step.account, names.account)
    if action.account == "reserve" and step.account in names.account and step.account not in names.reserve:
        yield Fault(path=f"{path}.account", reason=f"{step.account!r} is no reserve")
    yield from _to(path, step, names)
    if action.pays is None and step.pays:
        yield Fault(path=f"{path}.pays", reason=f"a step {step.action} pays nobody by name")
    elif action.pays is not None:
        known = names.fee if action.pays == "fee" else names.tranche
        for nth, name in enumerate(step.pays):
            yield from names.one_of(f"{path}.pays[{nth}]", action.pays, name, known)
        for name in (name for name, times in Counter(step.pays).items() if times > 1):
            yield Fault(path=f"{path}.pays", reason=f"{name!r} is paid twice")
    yield from _paid(path, step, terms)
    if step.pro_rata and (action.pays is None or step.action == "residual"):
        yield Fault(path=f"{path}.pro_rata", reason=f"a step {step.action} has nothing to share out")
    if step.until is not None and not action.until:
        yield Fault(path=f"{path}.until", reason=f"a step {step.action} does not look ahead")
    if step.action in ("shortfall", "repay") and terms.shortfall is None:
        yield Fault(path=f"{path}.action", reason="nobody promised to make up what is short: there is no [shortfall]")
    yield from _limit(f"{path}.limit", step.limit, names)
    for nth, condition in enumerate(step.when):
        yield from _condition(f"{path}.when[{nth}]", condition, names)


def _to(path: str, step: Step, names: Names) -> Faults:
    wanted = ACTIONS[step.action].to
    if wanted is None:
        if step.to is not None:
            yield Fault(path=f"{path}.to", reason=f"a step {step.action} has no account it goes to")
        return
    if step.to is None:
        yield Fault(path=f"{path}.to", reason=f"a step {step.action} needs the account it goes to")
        return
    yield from names.one_of(f"{path}.to", "account", step.to, names.account)
    if step.to == step.account:
        yield Fault(path=f"{path}.to", reason="cash would go where it comes from")
    elif wanted == "reserve" and step.to in names.account and step.to not in names.reserve:
        yield Fault(path=f"{path}.to", reason=f"{step.to!r} is no reserve")


def _paid(path: str, step: Step, terms: PlanTerms) -> Faults:
    """Interest goes to tranches that bear any, and what is left to one tranche that takes it."""
    tranches = {one.tranche: one for one in terms.tranches}
    for nth, name in enumerate(step.pays if step.action == "interest" else ()):
        if name in tranches and tranches[name].rate is None:
            yield Fault(path=f"{path}.pays[{nth}]", reason=f"tranche {name!r} has no rate")
    if step.action == "residual":
        if len(step.pays) != 1:
            yield Fault(path=f"{path}.pays", reason="all that is left is paid to one tranche")
        elif (to := tranches.get(step.pays[0])) is not None and to.repayment != "residual":
            yield Fault(path=f"{path}.pays[0]", reason=f"the repayment of tranche {to.tranche!r} is not residual")


def _pool(terms: PlanTerms, names: Names) -> Faults:
    for at, one in enumerate(terms.eligibility):
        yield from _criterion(f"eligibility[{at}]", terms, at, names)
        del one
    for at, limit in enumerate(terms.concentration):
        yield from _fraction(f"concentration[{at}].limit", limit.limit)
        for name, share in limit.names.items():
            yield from _fraction(f"concentration[{at}].names.{name}", share)
    if terms.revolving is not None:
        yield from _fraction("revolving.min_yield", terms.revolving.min_yield)
        yield from _fraction("revolving.least_share", terms.revolving.least_share)
    yield from _fraction("clean_up", terms.clean_up)
    for name in ("delinquency_edges", "balance_edges", "age_edges", "term_edges"):
        edges = getattr(terms.metrics, name)
        if not edges or list(edges) != sorted(set(edges)):
            yield Fault(path=f"metrics.{name}", reason="the edges do not ascend, each above the one before")
    for name in ("dilution_stress", "loss_stress", "yield_reserve", "servicing_reserve"):
        if getattr(terms.metrics, name) < 0:
            yield Fault(path=f"metrics.{name}", reason="it is below 0")


def _criterion(path: str, terms: PlanTerms, at: int, names: Names) -> Faults:
    one = terms.eligibility[at]
    field = FIELDS.get(one.field)
    if field is None:
        yield Fault(path=f"{path}.field", reason=f"the pool has no field {one.field!r}{names.meant(one.field, FIELDS)}")
        return
    if one.op in ("in", "not_in"):
        if field.kind != "text":
            yield Fault(path=f"{path}.op", reason=f"{one.field} is no text, which alone is looked up in a list")
        if not one.values or one.value is not None:
            yield Fault(path=f"{path}.values", reason=f"{one.op} looks a text up in values, and has no value")
        return
    if one.value is None or one.values:
        yield Fault(path=f"{path}.value", reason=f"{one.op} compares with one value, and has no values")
    if field.kind in ("flag", "text") and one.op != "==":
        yield Fault(path=f"{path}.op", reason=f"{one.field} is a {field.kind}, which is only equal or not")


CHECKS: Final[tuple[Callable[[PlanTerms, Names], Faults], ...]] = (
    _named_once,
    _plan_days,
    _tranches,
    _accounts,
    _fees,
    _triggers,
    _waterfalls,
    _pool,
)
"""Every check, in the order of the document."""
