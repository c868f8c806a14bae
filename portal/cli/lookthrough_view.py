"""How plans and look-throughs are shown on a terminal; texts come from the table the pages use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from abs.money import yuan_text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from abs.composition import Bucket
    from portal.cli.words import Words
    from regulator.lookthrough import LookThrough, PlanLine
    from regulator.steps import AssetTrail, Evidence, Movement, OutputStep

NUMBER, ID, WORDING = "number", "id", "words"


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


def plans_table(lines: Iterable[PlanLine], say: Words, *, height: int, newest: int) -> RenderableType:
    """The plans known at ``height``, or the sentence that there is none; ``newest``: the last height held."""
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


def looked_through(found: LookThrough, say: Words) -> RenderableType:
    """The whole look-through: plan, securities, pool, assets, and the asset's tree when one was asked for."""
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


def _heading(found: LookThrough, say: Words) -> Table:
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


def _tranches(found: LookThrough, say: Words) -> Table:
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


def _distributions(found: LookThrough, say: Words) -> tuple[Table, ...]:
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


def _figures(found: LookThrough, say: Words) -> Table:
    pool = found.pool
    table = _table(say("pool"), (say("figure"), WORDING), (say("value"), NUMBER), (say("formula"), WORDING))
    for figure in (
        pool.balance, pool.original, pool.count, pool.wam, pool.seasoning, pool.delinquency_ratio,
        pool.disputed_share, pool.related_party_share, pool.debtors.top_share, pool.debtors.hhi,
    ):  # fmt: skip
        _row(table, say.figure(figure.name), figure.text(), escape(say.sentence(figure.formula)))
    return table


def _buckets(title: str, heading: str, buckets: Iterable[Bucket], say: Words) -> Table:
    table = _table(
        title, (heading, WORDING), (say("column_outstanding"), NUMBER), (say("share"), NUMBER), (say("count"), NUMBER)
    )
    for one in buckets:
        label = say("bucket_current") if one.label == "current" else one.label
        _row(table, label, one.balance.text(), one.share.text(), one.count.text())
    return table


def _debtors(found: LookThrough, say: Words) -> Table:
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


def _assets(found: LookThrough, say: Words) -> RenderableType:
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


def _trail(trail: AssetTrail, names: Mapping[str, str], say: Words) -> Tree:
    owed = trail.receivable
    tree = Tree(f"[bold]{escape(trail.asset)}[/bold]  {yuan_text(owed.amount)}")
    for one in trail.assignments:
        _add(tree, say, one.assigned, names, f"{_name(one.assignor, names)} · {_day(one.assigned_on)}")
    parties = f"{_name(owed.debtor, names)} → {_name(owed.creditor, names)}"
    receivable = _add(tree, say, owed.registered, names, f"{parties} · {say('field_due', value=_day(owed.due))}")
    if owed.confirmed is not None:
        told = [say("field_method", value=say.coded("value", owed.confirmed_method or ""))]
        if owed.foreign_account is not None:
            told += [_name(owed.confirmed_by or "", names), say("field_foreign_account", value=owed.foreign_account)]
        _add(receivable, say, owed.confirmed, names, " · ".join(told))
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
        branch = _add(tree, say, invoice.registered, names, f"{about} · {say.coded('value', invoice.status)}")
        if invoice.verified is not None:
            result = say("field_result", value=say.coded("value", invoice.verified_result or ""))
            _add(branch, say, invoice.verified, names, result)
        if invoice.status_changed is not None:
            _add(branch, say, invoice.status_changed, names, say.coded("value", invoice.status))
    for payment in trail.payments:
        who = f"{_name(payment.payer, names)} → {_name(payment.payee, names)}"
        _add(tree, say, payment.recorded, names, f"{_day(payment.paid_on)} · {yuan_text(payment.settled)} · {who}")
    for collection in trail.collections:
        about = f"{_day(collection.collected_on)} · {yuan_text(collection.amount)} · {collection.collection}"
        branch = _add(tree, say, collection.received, names, about)
        if collection.remitted is not None:
            _add(branch, say, collection.remitted, names, collection.remittance or "")
    return tree


def _add(parent: Tree, say: Words, evidence: Evidence, names: Mapping[str, str], about: str) -> Tree:
    label = Text(f"{evidence.position} ", style="dim", no_wrap=False, overflow="fold")
    label.append(say.coded("step", evidence.kind), style="not dim bold")
    label.append(f"  {about}" if about else "", style="not dim")
    label.append(f"  {_signed(evidence, names, say)}")
    return parent.add(label)


def _conservation(trail: AssetTrail, say: Words) -> Text:
    value = trail.conservation
    amounts = {"issued": value.issued, "live": value.live, "redeemed": value.redeemed}
    shown = say("balance_of_value", **{name: yuan_text(amount) for name, amount in amounts.items()})
    verdict = say("conserved" if value.holds else "broken")
    return Text(f"{verdict}: {shown}", style="green" if value.holds else "bold red")


def _moved(movement: Movement, say: Words) -> str:
    amounts = f"{yuan_text(movement.value_in)} → {yuan_text(movement.value_out)}"
    return amounts if movement.conserved else f"{amounts} {say('broken')}"


def _output(output: OutputStep, names: Mapping[str, str], say: Words) -> Text:
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


def _signed(evidence: Evidence, names: Mapping[str, str], say: Words) -> str:
    signer = say("signed_by", signer=_name(evidence.signer, names))
    return f"{evidence.time:%Y-%m-%d %H:%MZ} {signer}"


def _name(member: str, names: Mapping[str, str]) -> str:
    return names.get(member, member)


def _day(day: date | None) -> str:
    return "—" if day is None else f"{day:%Y-%m-%d}"
