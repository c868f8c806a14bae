"""Random deals: valid terms with the periods they go through, all from one number, so that a failure can be run again.

``deal(seed)`` may limit and condition any step, condition what comes after on what came before, draw reserves, call
the promisor, revolve, accelerate. ``deal(seed, ranked=True)`` has waterfalls that rank every class strictly: no limit,
no condition, nothing of a lower rank before all of a higher, and triggers that look at the pool alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from abs.deal import Period
from abs.money import Rounding
from abs.terms import (
    Account,
    Condition,
    Conventions,
    Dates,
    Fee,
    Limit,
    PlanPart,
    PlanTerms,
    Revolving,
    Scheduled,
    Shortfall,
    State,
    Step,
    TranchePart,
    Trigger,
    Waterfall,
)

CLOSING: Final = date(2024, 1, 15)
CASH, PAYING, RESERVE = "collection", "distribution", "reserve"
POOL: Final = ("pool.cumulative_default_rate", "pool.delinquency_ratio")
SHARES: Final = tuple(Decimal(number) / 100 for number in (1, 2, 5, 10, 20))
STATES: Final[tuple[State, ...]] = ("amortising", "accelerated", "defaulted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """One random deal: its terms, and its periods in order."""

    seed: int
    terms: PlanTerms
    periods: tuple[Period, ...]


def deals(*, ranked: bool = False) -> st.SearchStrategy[Deal]:
    """Random valid deals."""
    return st.integers(0, 2**32 - 1).map(lambda seed: deal(seed, ranked=ranked))


def deal(seed: int, *, ranked: bool = False) -> Deal:
    """The deal of a number."""
    maker = _Maker(Random(seed), ranked)
    return Deal(seed=seed, terms=maker.terms(), periods=tuple(maker.periods()))


def plan_part(maturity: date) -> PlanPart:
    """A plan that closes on the closing day, with parties of no interest."""
    return PlanPart(
        plan="deal",
        code="deal",
        name="deal",
        venue="SSE",
        manager="manager",
        custodian="custodian",
        originators=("originator",),
        servicer="servicer",
        cutoff=CLOSING,
        closing=CLOSING,
        maturity=maturity,
    )


class _Maker:
    def __init__(self, chosen: Random, ranked: bool) -> None:
        self.chosen = chosen
        self.ranked = ranked
        self.pay = [CLOSING]
        for _ in range(chosen.randint(2, 5)):
            self.pay.append(self.pay[-1] + timedelta(days=chosen.randint(20, 120)))
        del self.pay[0]
        self.maturity = self.pay[-1] + timedelta(days=chosen.choice((0, 0, 200)))
        self.two_accounts = self._maybe(0.3)
        self.account = PAYING if self.two_accounts else CASH
        self.reserve = self._maybe(0.5)
        self.promised = self._maybe(0.4)
        self.revolves = self._maybe(0.3)
        self.tranches = self._tranches()
        self.fees = self._fees()
        self.triggers = self._triggers()

    def terms(self) -> PlanTerms:
        chosen = self.chosen
        target = Limit(amount=self._fen(3_000))
        if self._maybe(0.5):
            target = Limit(measure="securities.outstanding", factor=chosen.choice(SHARES))
        accounts = [Account(account=CASH, kind="collection", bank="bank")]
        if self.two_accounts:
            accounts.append(Account(account=PAYING, kind="distribution", bank="bank"))
        if self.reserve:
            accounts.append(Account(account=RESERVE, kind="reserve", bank="bank", target=target))
        states: list[State] = ["amortising", *(one for one in STATES[1:] if self._maybe(0.4))]
        if self.revolves:
            states.append("revolving")
        shortfall = Shortfall(payer="promisor", limit=chosen.choice((None, self._fen(5_000))))
        return PlanTerms(
            plan=plan_part(self.pay[-1] + timedelta(days=400)),
            conventions=Conventions(rounding=chosen.choice((Rounding.HALF_UP, Rounding.DOWN)), calendar="every_day"),
            dates=Dates(pay=tuple(self.pay), roll="none"),
            tranches=self.tranches,
            accounts=tuple(accounts),
            fees=self.fees,
            shortfall=shortfall if self.promised else None,
            waterfalls=tuple(Waterfall(state=state, steps=self._steps(state)) for state in states),
            triggers=self.triggers,
            revolving=Revolving(until=chosen.choice(self.pay[:-1])) if self.revolves else None,
        )

    def periods(self) -> list[Period]:
        found = []
        for number, day in enumerate(self.pay, 1):
            receipts = {CASH: self.chosen.choice((0, self._fen(500), self._fen(8_000), self._fen(30_000)))}
            found.append(
                Period(
                    period=number,
                    on=day,
                    receipts=receipts,
                    measures={
                        "pool.balance": self._fen(30_000),
                        "pool.count": self.chosen.randint(0, 300),
                        **{name: self.chosen.choice((None, *SHARES)) for name in POOL},
                    },
                    declared=(self.chosen.choice(STATES),) if self._maybe(0.05) else (),
                    bought={CASH: self.chosen.randint(0, receipts[CASH])} if self._maybe(0.1) else {},
                )
            )
        return found

    def _maybe(self, share: float) -> bool:
        return self.chosen.random() < share

    def _fen(self, below: int) -> int:
        return self.chosen.randint(0, below)

    def _tranches(self) -> tuple[TranchePart, ...]:
        ranks = ["senior"] * self.chosen.randint(1, 3) + ["mezzanine"] * self.chosen.randint(0, 1)
        found = [self._tranche(f"A{at}" if rank == "senior" else "M", rank) for at, rank in enumerate(ranks)]
        return (*found, self._tranche("S", "subordinated"))

    def _tranche(self, name: str, rank: Any) -> TranchePart:
        principal = self.chosen.randint(1, 12_000)
        repayment = "residual" if name == "S" else self.chosen.choice(("pass_through", "scheduled", "bullet"))
        schedule: tuple[Scheduled, ...] = ()
        if repayment == "scheduled":
            days = sorted(self.chosen.sample(self.pay, self.chosen.randint(1, len(self.pay))))
            cuts = sorted(self.chosen.randint(0, principal) for _ in days[1:])
            amounts = [after - before for before, after in zip([0, *cuts], [*cuts, principal], strict=True)]
            schedule = tuple(Scheduled(on=on, amount=amount) for on, amount in zip(days, amounts, strict=True))
        return TranchePart(
            tranche=name,
            name=name,
            code=name,
            rank=rank,
            principal=principal,
            rate=None if name == "S" and self._maybe(0.5) else Decimal(self.chosen.randint(1, 3_000)) / 10_000,
            repayment=repayment,
            maturity=max(self.maturity, schedule[-1].on) if schedule else self.maturity,
            schedule=schedule,
            interest_on_unpaid=self._maybe(0.5),
        )

    def _fees(self) -> tuple[Fee, ...]:
        pick = self.chosen.choice
        kinds: list[dict[str, Any]] = [
            {"kind": "annual", "rate": pick(SHARES), "base": pick(("pool.balance", "securities.outstanding"))},
            {"kind": "fixed", "amount": self._fen(200), "once": self._maybe(0.3)},
            {"kind": "share", "rate": pick(SHARES), "base": pick(("receipts", "interest"))},
            {"kind": "count", "amount": self._fen(3), "base": "pool.count"},
        ]
        chosen = self.chosen.sample(kinds, self.chosen.randint(0, 4))
        return tuple(
            Fee(fee=f"fee{at}", payee="payee", cap=pick((None, None, self._fen(100))), **kind)
            for at, kind in enumerate(chosen)
        )

    def _triggers(self) -> tuple[Trigger, ...]:
        measures = list(POOL)
        if not self.ranked:
            measures += ["tranche.A0.arrears", f"account.{CASH}", "fees.due", "trigger.T0"]
        effects = ["flag", "accelerated", "defaulted", *(["amortising"] if self.revolves else [])]
        found = []
        for at in range(self.chosen.randint(0, 3)):
            measure = self.chosen.choice(measures if at else POOL)
            value = self.chosen.choice(SHARES) if measure in POOL else Decimal(self._fen(2))
            found.append(
                Trigger(
                    trigger=f"T{at}",
                    name=f"T{at}",
                    when=Condition(measure=measure, op=self.chosen.choice((">", ">=")), value=value),
                    periods=self.chosen.randint(1, 3),
                    curable=self._maybe(0.5),
                    effect=self.chosen.choice(effects),
                )
            )
        return tuple(found)

    def _steps(self, state: State) -> tuple[Step, ...]:
        """Helpers, fees, then interest and principal by rank, the reserve somewhere between, the rest last."""
        ranks = ("senior", "mezzanine", "subordinated")
        classes = [found for rank in ranks if (found := [one for one in self.tranches if one.rank == rank])]
        early = [one.fee for one in self.fees if self._maybe(0.7)]
        late = [one.fee for one in self.fees if one.fee not in early or self._maybe(0.2)]
        paying: list[dict[str, Any]] = [{"action": "fees", "pays": early}] if early else []
        through = state in ("accelerated", "defaulted") and self._maybe(0.7)
        principals: list[dict[str, Any]] = []
        for each in classes:
            bearing = [one.tranche for one in each if one.rate is not None]
            if bearing:
                paying.append({"action": "interest", "pays": bearing, "pro_rata": self._maybe(0.5)})
            if state != "revolving":
                repaid = {"action": "principal", "pays": [one.tranche for one in each], "pro_rata": self._maybe(0.5)}
                (paying if through else principals).append(repaid)
        ahead = list(paying)
        if self.reserve and self._maybe(0.8):
            paying.append({"action": "top_up", "to": RESERVE})
        if state == "revolving" and self._maybe(0.7):
            paying.append({"action": "buy"})
        paying += principals
        if late:
            paying.append({"action": "fees", "pays": late})
        if self.promised and self._maybe(0.7):
            paying.insert(self.chosen.randint(len(ahead), len(paying)), {"action": "repay"})
        if self._maybe(0.7):
            paying.append({"action": "residual", "pays": ["S"]})
        for at, one in enumerate(paying):
            one["rule"] = f"{at} {one['action']}"
            self._bounded(one, stable=at < len(ahead))
        return tuple(Step(**{"account": self.account, **one}) for one in (*self._helpers(ahead), *paying))

    def _helpers(self, ahead: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """What comes before the first payment: cash to the paying account, the reserve, the promisor."""
        found: list[dict[str, Any]] = []
        if self.two_accounts:
            found.append({"rule": "sweep", "action": "transfer", "account": CASH, "to": PAYING})
        if ahead and self.reserve and self._maybe(0.7):
            draw = {"rule": "draw", "action": "draw", "account": RESERVE, "to": self.account}
            found.append({**draw, "until": self.chosen.choice(ahead)["rule"]})
            self._bounded(found[-1], stable=True)
        if ahead and self.promised and self._maybe(0.8):
            found.append({"rule": "call", "action": "shortfall", "until": self.chosen.choice(ahead)["rule"]})
            self._bounded(found[-1], stable=True)
        return found

    def _bounded(self, step: dict[str, Any], *, stable: bool) -> None:
        """A limit or a condition now and then; ``stable``: on what does not change while the period is paid."""
        if self.ranked:
            return
        if self._maybe(0.12):
            moving = () if stable else ("fees.due", "senior.outstanding")
            measure = self.chosen.choice((None, "receipts", "pool.balance", *moving))
            amount = self._fen(2_000) if measure is None or self._maybe(0.3) else None
            step["limit"] = Limit(amount=amount, measure=measure, factor=self.chosen.choice(SHARES))
        if self._maybe(0.12):
            names = [*POOL, "period", *(f"trigger.{one.trigger}" for one in self.triggers)]
            if not stable:
                names += ["tranche.A0.arrears", "tranche.S.outstanding", "interest.due", "shortfall.owed"]
                names += [f"account.{RESERVE}.excess"] if self.reserve else []
            op = self.chosen.choice(("<", "<=", ">", ">=", "=="))
            value = self.chosen.choice((Decimal(0), Decimal(1), *SHARES))
            step["when"] = (Condition(measure=self.chosen.choice(names), op=op, value=value),)
            if self._maybe(0.2):
                than = "receipts" if stable else "securities.outstanding"
                step["when"] += (Condition(measure="pool.balance", op=op, than=than),)
