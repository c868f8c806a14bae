"""The parts of a plan's terms (交易条款): what a document may hold. ``abs.terms`` reads one and checks it whole."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_serializer, field_validator

from abs.calendars import Every, Roll
from abs.money import DayCount, Rounding
from abs.terms.values import KINDS, LISTED, Count, Day, Days, Edges, Fen, Flag, Id, Lag, Name, Number, Rate, Text
from abs.terms.vocabulary import FIELDS

__all__ = [
    "Account",
    "Affiliates",
    "Concentration",
    "Condition",
    "Conventions",
    "Criterion",
    "Dates",
    "Fee",
    "Limit",
    "Metrics",
    "PlanPart",
    "PlanTerms",
    "Revolving",
    "Scheduled",
    "Shortfall",
    "State",
    "Step",
    "TranchePart",
    "Trigger",
    "Waterfall",
]

State = Literal["revolving", "amortising", "accelerated", "defaulted"]
"""循环期, 摊还期, 加速清偿, 违约."""
Operator = Literal["<", "<=", ">", ">=", "=="]


class Part(BaseModel):
    """A part of the document: nothing unknown in it, nothing changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PlanPart(Part):
    """Which plan this is, who its parties are, and its three days: 基准日, 设立日, 法定到期日."""

    plan: Id
    code: Name
    name: Name
    venue: Literal["SSE", "SZSE", "NAFMII", "BJS"]
    manager: Id
    custodian: Id
    originators: Annotated[tuple[Id, ...], Field(min_length=1, max_length=LISTED)]
    servicer: Id
    shelf: Name | None = None
    cutoff: Day
    closing: Day
    maturity: Day


class Scheduled(Part):
    """Principal that a tranche with fixed amortisation (固定摊还) is due to be repaid on a payment date, fen."""

    on: Day
    amount: Fen


class TranchePart(Part):
    """A class of securities (分档). Interest left unpaid stays due; it bears interest only where that is said."""

    tranche: Id
    name: Name
    code: Name
    rank: Literal["senior", "mezzanine", "subordinated"]
    principal: Fen
    rate: Rate | None = None
    repayment: Literal["pass_through", "scheduled", "bullet", "residual"]
    maturity: Day
    schedule: Annotated[tuple[Scheduled, ...], Field(max_length=LISTED)] = ()
    interest_on_unpaid: Flag = False


class Conventions(Part):
    """How amounts and days are counted (计息规则): day count, rounding to the fen, fen per unit, trading calendar."""

    day_count: DayCount = DayCount.ACT_365F
    rounding: Rounding = Rounding.HALF_UP
    face: Annotated[Fen, Field(gt=0)] = 100_00
    calendar: Literal["XSHG", "weekdays", "every_day"] = "XSHG"


class Dates(Part):
    """The dates of a period as days before its payment date T (T-n 日), in trading days, except the record date.

    ``pay`` lists the payment dates before they are rolled. The calculation period ends ``calculation`` trading days
    before T; 0 counts what came in up to T itself. ``record`` is in calendar days (权益登记日). What was collected is
    passed on (转付) ``remittance_every`` so often, the last time ``remittance`` days before T; after a credit event
    (权利完善) the two ``after_event`` say how, where they say anything. ``abs.calendars.schedule`` makes dates of it.
    """

    pay: Annotated[tuple[Day, ...], Field(max_length=LISTED)] = ()
    roll: Roll = Roll.FOLLOWING
    calculation: Lag = 0
    remittance: Lag = 0
    remittance_after_event: Lag | None = None
    remittance_every: Every = "period"
    remittance_every_after_event: Every | None = None
    shortfall: Lag = 0
    report: Lag = 0
    instruction: Lag = 0
    record: Lag = 1


class Account(Part):
    """An account (账户) of the plan; ``ledgers``: its sub-accounts (科目); ``target``: what a reserve is filled to."""

    account: Id
    kind: Literal["collection", "custody", "reserve", "distribution"]
    bank: Id
    ledgers: Annotated[tuple[Name, ...], Field(max_length=LISTED)] = ()
    target: Limit | None = None


class Fee(Part):
    """A fee (费用). ``annual``: rate of ``base`` for the days of the period. ``fixed``: ``amount`` each period.

    ``share``: rate of what ``base`` was in the period (such as collections, or ``interest`` for VAT 增值税).
    ``count``: ``amount`` for each of ``base``. ``cap`` is the most of one period; what is left unpaid is in arrears and
    is paid first the next time.
    """

    fee: Id
    payee: Id
    kind: Literal["annual", "fixed", "share", "count"]
    rate: Rate | None = None
    amount: Fen | None = None
    base: Name = "pool.balance"
    cap: Fen | None = None
    once: Flag = False
    """Due in the first period only (一次性费用)."""


class Condition(Part):
    """True when ``measure`` compares so to ``value``, or to another measure; never true of an undefined measure."""

    measure: Name
    op: Operator
    value: Number | None = None
    than: Name | None = None


class Limit(Part):
    """The most a step moves: an ``amount``, or ``factor`` times a measure in fen; the lower where both are given."""

    amount: Fen | None = None
    measure: Name | None = None
    factor: Rate = Decimal(1)


class Trigger(Part):
    """What happens when ``when`` holds in ``periods`` tests in a row (触发事件).

    ``effect``: the state the plan goes to, or ``flag`` alone. ``curable``: it ends when the condition fails once.
    """

    trigger: Id
    name: Name
    when: Condition
    periods: Count = 1
    curable: Flag = False
    effect: Literal["flag", "amortising", "accelerated", "defaulted"] = "flag"
    article: Text = ""


class Step(Part):
    """One step of a waterfall. ``pays``: fees, tranches or an account in order, or ``pro_rata`` by what each is due.

    - transfer: from ``account`` to ``to``
    - fees: what is due and in arrears; interest, principal: of tranches
    - top_up: fill the reserve ``to`` to its target from ``account``
    - draw: out of the reserve ``account`` into ``to``, as far as the steps after it up to ``until`` lack cash there
    - shortfall: the promisor (差额支付承诺人) pays the same into ``account``; repay: what the promisor paid before
    - buy: assets (循环购买) from ``account``, where they were not paid for before the payment date
    - residual: all that is left in ``account``, to a tranche
    """

    rule: Id
    action: Literal[
        "transfer", "fees", "interest", "principal", "top_up", "draw", "shortfall", "repay", "buy", "residual"
    ]
    account: Id
    pays: Annotated[tuple[Id, ...], Field(max_length=LISTED)] = ()
    to: Id | None = None
    pro_rata: Flag = False
    limit: Limit | None = None
    when: Annotated[tuple[Condition, ...], Field(max_length=100)] = ()
    until: Id | None = None

    @property
    def fills(self) -> str | None:
        """The account that a step which looks ahead pays into; None of any other step."""
        return {"draw": self.to, "shortfall": self.account}.get(self.action)


class Waterfall(Part):
    """The order of payments (分配顺序) while the plan is in a state."""

    state: State
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=LISTED)]


class Shortfall(Part):
    """Who promised to make up what is short (差额支付承诺人), and the most in all, fen; None: without limit."""

    payer: Id
    limit: Fen | None = None


class Criterion(Part):
    """A condition that assets meet when they come in (合格标准), judged on one field of the asset or of its parties.

    ``values`` for ``in`` and ``not_in``; ``value`` for comparisons. ``field`` is a column of the pool (docs/terms.md).
    """

    criterion: Id
    text: Text
    field: Name
    op: Literal["<", "<=", ">", ">=", "==", "in", "not_in"]
    value: Decimal | bool | date | str | None = None
    values: Annotated[tuple[Name, ...], Field(max_length=LISTED)] = ()

    @field_validator("value", mode="before")
    @classmethod
    def _typed(cls, value: object, info: ValidationInfo) -> object:
        """The value as its field counts: a text in JSON may be a number, a day or a text."""
        field = FIELDS.get(info.data.get("field", ""))
        return value if value is None or field is None else KINDS[field.kind](value)

    @field_serializer("value", when_used="json")
    def _written(self, value: Decimal | bool | date | str | None) -> bool | str | None:
        if isinstance(value, Decimal):
            return f"{value:f}"
        return value.isoformat() if isinstance(value, date) else value


class Concentration(Part):
    """The most that one member of a group may have of the balance (集中度限制); ``names``: limits of their own."""

    by: Literal["debtor", "debtor_group", "creditor", "creditor_group", "region", "shelf"]
    limit: Rate
    names: Annotated[dict[Id, Rate], Field(max_length=LISTED)] = {}


class Affiliates(Part):
    """Members that count as one (关联方)."""

    group: Id
    members: Annotated[tuple[Id, ...], Field(min_length=1, max_length=LISTED)]


class Revolving(Part):
    """The revolving period (循环期) ends with ``until``; what may be bought in it, and for how much of its amount."""

    until: Day
    min_yield: Rate | None = None
    least_share: Rate | None = None


class Metrics(Part):
    """Lags, horizons, factors and edges of the plan's figures; see docs/metrics.md. Months unless days are said."""

    delinquency_edges: Edges = (1, 30, 60, 90, 120, 150, 180)
    default_days: Days = 90
    default_lag: Days = 4
    dilution_lag: Days = 1
    dilution_horizon: Days = 1
    loss_horizon: Days = 4
    dilution_stress: Rate = Decimal("2.25")
    loss_stress: Rate = Decimal("2.25")
    history: Annotated[Count, Field(le=120)] = 12
    average_months: Annotated[Count, Field(le=24)] = 3
    yield_reserve: Rate = Decimal(0)
    servicing_reserve: Rate = Decimal(0)
    debtor_ratings: Annotated[dict[Id, Literal["A", "B", "C", "D"]], Field(max_length=LISTED)] = {}
    balance_edges: Annotated[tuple[Fen, ...], Field(max_length=100)] = (
        10_000_00,
        100_000_00,
        1_000_000_00,
        10_000_000_00,
    )
    age_edges: Edges = (30, 60, 90, 180, 365)
    term_edges: Edges = (30, 60, 90, 180, 365)


class PlanTerms(Part):
    """The terms of one plan, whole: what ``load_terms`` reads and checks."""

    format: Literal["glasspool-terms/1"] = "glasspool-terms/1"
    plan: PlanPart
    conventions: Conventions = Conventions()
    dates: Dates = Dates()
    tranches: Annotated[tuple[TranchePart, ...], Field(min_length=1, max_length=100)]
    accounts: Annotated[tuple[Account, ...], Field(min_length=1, max_length=100)]
    fees: Annotated[tuple[Fee, ...], Field(max_length=100)] = ()
    shortfall: Shortfall | None = None
    waterfalls: Annotated[tuple[Waterfall, ...], Field(min_length=1, max_length=4)]
    triggers: Annotated[tuple[Trigger, ...], Field(max_length=100)] = ()
    eligibility: Annotated[tuple[Criterion, ...], Field(max_length=100)] = ()
    concentration: Annotated[tuple[Concentration, ...], Field(max_length=100)] = ()
    affiliates: Annotated[tuple[Affiliates, ...], Field(max_length=LISTED)] = ()
    revolving: Revolving | None = None
    clean_up: Rate | None = None
    """The share of the first balance below which the originator may buy the rest (清仓回购)."""
    metrics: Metrics = Metrics()

    def document(self) -> dict[str, Any]:
        """The whole document as plain JSON values: decimals and days as texts, defaults written out, no null.

        ``load_terms`` of its JSON gives the same terms again. Defaults are written out so that a later version of this
        program, with others, reads what the plan meant.
        """
        return self.model_dump(mode="json", exclude_none=True)
