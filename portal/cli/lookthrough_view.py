"""How plans and look-throughs are shown on a terminal; texts come from the table the pages use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from abs.money import yuan_text
from dashboards.texts import TEXTS, Language, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from abs.composition import Bucket
    from regulator.lookthrough import LookThrough, PlanLine
    from regulator.steps import AssetTrail, Evidence, Movement, OutputStep

NUMBER, ID, WORDING = "number", "id", "words"

#: name -> (Chinese, English): what only the terminal shows.
WORDS: Final[dict[str, tuple[str, str]]] = {
    "plan_id": ("计划编号", "Id"),
    "distributions": ("收益分配", "Distributions"),
    "payouts": ("分配次数", "Payouts"),
    "outstanding": ("存续规模（元）", "Owed (CNY)"),
    "tranche": ("分层", "Tranche"),
    "amount": ("金额", "Amount"),
    "owed": ("未偿", "Owed"),
    "late": ("逾期天数", "Days late"),
    "rank": ("级别", "Rank"),
    "rate": ("利率", "Rate"),
    "record": ("记录", "Record"),
    "figure": ("指标", "Figure"),
    "value": ("数值", "Value"),
    "formula": ("公式", "Formula"),
    "share": ("占比", "Share"),
    "count": ("笔数", "Assets"),
    "seasoning": ("加权平均账龄", "Weighted average age"),
    "disputed": ("争议占比", "Disputed"),
    "related": ("关联交易占比", "Related parties"),
    "original": ("入池金额", "Original amount"),
    "conserved": ("价值守恒", "Value conserved"),
    "broken": ("价值不守恒", "Value NOT conserved"),
    "balance_of_value": (
        "开立 {issued} = 在持 {live} + 兑付 {redeemed}",
        "issued {issued} = live {live} + redeemed {redeemed}",
    ),
    "rank_senior": ("优先级", "senior"),
    "rank_mezzanine": ("中间级", "mezzanine"),
    "rank_subordinated": ("次级", "subordinated"),
    "in_pool": ("入池", "in pool"),
    "spent_by": ("花费于 {record}", "spent by {record}"),
    "period": ("期数", "Period"),
    "paid_on": ("分配日", "Paid on"),
    "paid_principal": ("本金（元）", "Principal (CNY)"),
    "paid_interest": ("收益（元）", "Interest (CNY)"),
    "rows_total": ("共 {total} 笔", "{total} in all"),
    "rows_beyond": ("第 {offset} 笔之后没有资产，共 {total} 笔", "no asset at offset {offset}, {total} in all"),
    "more": ("余下用 --offset 与 --limit 查看", "use --offset and --limit for the others"),
    "none_then": (
        "第 {height} 块时账本上还没有专项计划；本节点已同步至第 {newest} 块。",
        "No plan was on the ledger at height {height}; this node holds blocks up to {newest}.",
    ),
    "none": (
        "本节点已同步至第 {newest} 块，账本上还没有专项计划。",
        "This node holds blocks up to {newest}, and no plan is on the ledger yet.",
    ),
}  # fmt: skip


def language(setting: str) -> Language:
    """The language the node's settings name."""
    return Language(setting)


class _Words:
    """Texts in one language."""

    def __init__(self, spoken: Language) -> None:
        self.language = spoken

    def __call__(self, name: str, **values: object) -> str:
        if name in WORDS:
            chinese, english = WORDS[name]
            return (chinese if self.language is Language.ZH else english).format(**values)
        return text(name, self.language, **values) if name in TEXTS else name

    def step(self, kind: str) -> str:
        """The name of a record kind."""
        name = f"step_{kind}"
        return text(name, self.language) if name in TEXTS else kind

    def value(self, value: str) -> str:
        """The name of a value such as ``senior``."""
        name = f"value_{value}"
        return text(name, self.language) if name in TEXTS else value


def _table(title: str, *columns: tuple[str, str]) -> Table:
    """A table whose columns are (heading, sort): a number, an id kept whole where it can be, or words."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading, sort in columns:
        table.add_column(_whole(heading), justify="right" if sort == NUMBER else "left", no_wrap=sort != WORDING)
    return table


def _row(table: Table, *cells: str) -> None:
    """A row of marked-up cells, of which a narrow terminal folds what does not fit and cuts nothing."""
    table.add_row(*map(_whole, cells))


def _whole(markup: str) -> Text:
    cell = Text.from_markup(markup, overflow="fold")
    cell.no_wrap = False
    return cell


def plans_table(lines: Iterable[PlanLine], spoken: Language, *, height: int, newest: int) -> RenderableType:
    """The plans known at ``height``, or the sentence that there is none; ``newest``: the last height held."""
    say = _Words(spoken)
    rows = tuple(lines)
    if not rows:
        return Text(say("none" if height == newest else "none_then", height=f"{height:,}", newest=f"{newest:,}"))
    table = _table(
        say("plans"),
        (say("plan_id"), ID),
        (say("plan_name"), WORDING),
        (say("principal"), NUMBER),
        (say("outstanding"), NUMBER),
        (say("count"), NUMBER),
    )
    for line in rows:
        _row(
            table,
            escape(line.plan),
            escape(line.name),
            yuan_text(line.principal),
            yuan_text(line.outstanding),
            f"{line.assets:,}",
        )
    return table


def looked_through(found: LookThrough, spoken: Language) -> RenderableType:
    """The whole look-through: plan, securities, pool, assets, and the asset's tree when one was asked for."""
    say = _Words(spoken)
    parts: list[RenderableType] = [_heading(found, say), _tranches(found, say), *_distributions(found, say)]
    if found.asset is None:
        parts += [
            _figures(found, say),
            _buckets(say("chart_aging"), say("chart_aging_x"), found.pool.aging, say),
            _debtors(found, say),
            _assets(found, say),
        ]
    else:
        parts.append(_trail(found.asset, found.names, say))
    return Group(*parts)


def _heading(found: LookThrough, say: _Words) -> Table:
    table = Table(show_header=False, title=escape(found.plan.name), title_justify="left", title_style="bold")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=False, overflow="fold")
    plan = found.plan
    for name, value in (
        ("plan_code", plan.code),
        ("venue", plan.venue),
        ("manager", _name(plan.manager, found.names)),
        ("custodian", _name(plan.custodian, found.names)),
        ("servicer", _name(plan.servicer, found.names)),
        ("cutoff", _day(plan.cutoff)),
        ("closing", _day(plan.closing)),
        ("maturity", _day(plan.maturity)),
        ("measured_on", _day(found.pool.on)),
        ("height", f"{found.height}"),
        ("block_hash", found.block_hash),
        ("record", f"{plan.established.position} {_signed(plan.established, found.names, say)}"),
    ):
        _row(table, say(name), escape(value))
    return table


def _tranches(found: LookThrough, say: _Words) -> Table:
    table = _table(
        say("step_tranche"),
        (say("tranche"), WORDING),
        (say("rank"), ID),
        (say("rate"), NUMBER),
        (say("principal"), NUMBER),
        (say("outstanding"), NUMBER),
        (say("payouts"), NUMBER),
    )
    for one in found.tranches:
        _row(
            table,
            escape(one.name),
            say(f"rank_{one.rank}"),
            "—" if one.rate is None else f"{one.rate:%}",
            yuan_text(one.principal),
            yuan_text(one.outstanding),
            f"{len(one.distributions)}",
        )
    return table


def _distributions(found: LookThrough, say: _Words) -> tuple[Table, ...]:
    """The periods paid so far, all tranches together, as `glasspool report` takes them; nothing before the first."""
    periods: dict[tuple[int, date], tuple[int, int]] = {}
    for one in (each for tranche in found.tranches for each in tranche.distributions):
        principal, interest = periods.get((one.period, one.paid_on), (0, 0))
        periods[one.period, one.paid_on] = principal + one.principal, interest + one.interest
    if not periods:
        return ()
    table = _table(
        say("distributions"),
        (say("period"), NUMBER),
        (say("paid_on"), ID),
        (say("paid_principal"), NUMBER),
        (say("paid_interest"), NUMBER),
    )
    for (period, paid_on), (principal, interest) in sorted(periods.items()):
        _row(table, f"{period}", _day(paid_on), yuan_text(principal), yuan_text(interest))
    return (table,)


def _figures(found: LookThrough, say: _Words) -> Table:
    pool = found.pool
    table = _table(say("pool"), (say("figure"), WORDING), (say("value"), NUMBER), (say("formula"), WORDING))
    for name, figure in (
        ("figure_balance", pool.balance),
        ("original", pool.original),
        ("count", pool.count),
        ("figure_wam", pool.wam),
        ("seasoning", pool.seasoning),
        ("figure_delinquency", pool.delinquency_ratio),
        ("disputed", pool.disputed_share),
        ("related", pool.related_party_share),
        ("figure_top10", pool.debtors.top_share),
        ("figure_hhi", pool.debtors.hhi),
    ):
        _row(table, say(name), figure.text(), escape(figure.formula))
    return table


def _buckets(title: str, heading: str, buckets: Iterable[Bucket], say: _Words) -> Table:
    table = _table(
        title, (heading, WORDING), (say("column_outstanding"), NUMBER), (say("share"), NUMBER), (say("count"), NUMBER)
    )
    for one in buckets:
        label = say("bucket_current") if one.label == "current" else one.label
        _row(table, label, one.balance.text(), one.share.text(), one.count.text())
    return table


def _debtors(found: LookThrough, say: _Words) -> Table:
    table = _table(
        say("chart_debtors"),
        (say("column_debtor"), WORDING),
        (say("column_outstanding"), NUMBER),
        (say("share"), NUMBER),
        (say("count"), NUMBER),
    )
    for one in found.pool.debtors.largest:
        _row(table, escape(_name(one.member, found.names)), one.balance.text(), one.share.text(), f"{one.count}")
    return table


def _assets(found: LookThrough, say: _Words) -> RenderableType:
    page = found.assets
    last = page.offset + len(page.lines)
    if page.lines:
        shown = say("rows_shown", first=f"{page.offset + 1:,}", last=f"{last:,}", total=f"{page.total:,}")
    else:
        empty = "rows_beyond" if page.total and page.offset >= page.total else "rows_total"
        shown = say(empty, offset=f"{page.offset:,}", total=f"{page.total:,}")
    title = f"{say('assets')} · {shown}" + (f" · {say('more')}" if len(page.lines) < page.total else "")
    if not page.lines:
        return Text(title, style="bold")
    table = _table(
        title,
        (f"{say('column_asset')} · {say('column_debtor')}", WORDING),
        (say("amount"), NUMBER),
        (say("owed"), NUMBER),
        (say("column_due"), ID),
        (say("late"), NUMBER),
    )
    for line in page.lines:
        _row(
            table,
            f"{escape(line.asset)}\n{escape(_name(line.debtor, found.names))}",
            yuan_text(line.amount),
            yuan_text(line.outstanding),
            _day(line.due),
            f"{line.days_past_due}" if line.days_past_due else "",
        )
    return table


def _trail(trail: AssetTrail, names: Mapping[str, str], say: _Words) -> Tree:
    owed = trail.receivable
    tree = Tree(f"[bold]{escape(trail.asset)}[/bold]  {yuan_text(owed.amount)}")
    for one in trail.assignments:
        _add(tree, say, one.assigned, names, f"{_name(one.assignor, names)} · {_day(one.assigned_on)}")
    parties = f"{_name(owed.debtor, names)} → {_name(owed.creditor, names)}"
    receivable = _add(tree, say, owed.registered, names, f"{parties} · {say('field_due', value=_day(owed.due))}")
    if owed.confirmed is not None:
        _add(receivable, say, owed.confirmed, names, say("field_method", value=say.value(owed.confirmed_method or "")))
    for adjustment in owed.adjustments:
        _add(receivable, say, adjustment, names, "")
    certificate = tree.add(_conservation(trail, say))
    for movement in trail.movements:
        branch = _add(certificate, say, movement.record, names, _moved(movement, say))
        for output in trail.outputs:
            if output.made.position == movement.record.position:
                branch.add(_output(output, names, say))
    for invoice in trail.invoices:
        number = f"{invoice.code or ''}{invoice.number}"
        about = f"{number} · {_day(invoice.issued)} · {yuan_text(invoice.amount_including_tax)} · {invoice.goods}"
        branch = _add(tree, say, invoice.registered, names, f"{about} · {say.value(invoice.status)}")
        if invoice.verified is not None:
            result = say("field_result", value=say.value(invoice.verified_result or ""))
            _add(branch, say, invoice.verified, names, result)
        if invoice.status_changed is not None:
            _add(branch, say, invoice.status_changed, names, say.value(invoice.status))
    for payment in trail.payments:
        who = f"{_name(payment.payer, names)} → {_name(payment.payee, names)}"
        _add(tree, say, payment.recorded, names, f"{_day(payment.paid_on)} · {yuan_text(payment.settled)} · {who}")
    for collection in trail.collections:
        about = f"{_day(collection.collected_on)} · {yuan_text(collection.amount)} · {collection.collection}"
        branch = _add(tree, say, collection.received, names, about)
        if collection.remitted is not None:
            _add(branch, say, collection.remitted, names, collection.remittance or "")
    return tree


def _add(parent: Tree, say: _Words, evidence: Evidence, names: Mapping[str, str], about: str) -> Tree:
    label = Text(f"{evidence.position} ", style="dim", no_wrap=False, overflow="fold")
    label.append(say.step(evidence.kind), style="not dim bold")
    label.append(f"  {about}" if about else "", style="not dim")
    label.append(f"  {_signed(evidence, names, say)}")
    return parent.add(label)


def _conservation(trail: AssetTrail, say: _Words) -> Text:
    value = trail.conservation
    amounts = {"issued": value.issued, "live": value.live, "redeemed": value.redeemed}
    shown = say("balance_of_value", **{name: yuan_text(amount) for name, amount in amounts.items()})
    verdict = say("conserved" if value.holds else "broken")
    return Text(f"{verdict}: {shown}", style="green" if value.holds else "bold red")


def _moved(movement: Movement, say: _Words) -> str:
    amounts = f"{yuan_text(movement.value_in)} → {yuan_text(movement.value_out)}"
    return amounts if movement.conserved else f"{amounts} {say('broken')}"


def _output(output: OutputStep, names: Mapping[str, str], say: _Words) -> Text:
    owners = " + ".join(_name(owner, names) for owner in output.owners)
    short = f"{output.output[:10]}…:{output.output.rpartition(':')[2]}"
    label = Text(f"{short} {yuan_text(output.amount)}  {owners}", no_wrap=False, overflow="fold")
    if output.in_pool:
        label.append(f"  {say('in_pool')}", style="cyan")
    if output.price is not None and output.financier in output.owners:
        label.append(f"  {say('field_price', value=yuan_text(output.price))}")
    if output.spent is not None:
        label.append(f"  {say('spent_by', record=output.spent.position)}", style="dim")
    return label


def _signed(evidence: Evidence, names: Mapping[str, str], say: _Words) -> str:
    signer = say("signed_by", signer=_name(evidence.signer, names))
    return f"{evidence.time:%Y-%m-%d %H:%MZ} {signer}"


def _name(member: str, names: Mapping[str, str]) -> str:
    return names.get(member, member)


def _day(day: date | None) -> str:
    return "—" if day is None else f"{day:%Y-%m-%d}"
