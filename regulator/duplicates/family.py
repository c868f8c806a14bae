"""The family of an underlying asset (底层资产): invoices, the receivables on them, and everybody who claims either.

A family is a connected component of invoices and receivables: a receivable is tied to the invoices it rests on, and
invoices are tied that have one key. What secures a financing, stands in a registration, is a piece of a certificate or
lies in a pool *claims* the family without tying it to others: a package or a loan on a hundred invoices claims a
hundred families. A trade order, a bill or a warehouse receipt that somebody put up is a family of its own.

Invoices have one key that are records of one, or of which one was issued in the other's place: see
:mod:`regulator.duplicates.keys`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ledger.facts import (
    Fact,
    Financing,
    FinancingCollateral,
    Invoice,
    Output,
    PackageInvoice,
    Plan,
    PoolAsset,
    Receipt,
    Receivable,
    ReceivableInvoice,
    Registration,
    RegistrationCollateral,
    RegistrationQuery,
    Settlement,
    TradeDocument,
    TradeOrder,
    TradeReference,
)
from regulator.duplicates.keys import SHORT, Key, in_place_of, key_of, keys_of
from regulator.duplicates.ties import Ties
from regulator.duplicates.worth import Worths
from regulator.histories import Histories

__all__ = ["ALONE", "READS", "SHORT", "Key", "Rows", "key_of", "keys_of", "load_rows"]

NODES: Final = 2_000
"""Invoices and receivables of one family: who ties more together hides nothing nearer than these; what lies farther off
is judged without them."""

ALONE: dict[str, type[Fact]] = {"order": TradeOrder, "document": TradeDocument, "receipt": Receipt}
"""What can be put up and rests on no invoice: a family of its own."""

READS: tuple[type[Fact], ...] = (
    Financing, FinancingCollateral, Invoice, Output, PackageInvoice, PoolAsset, Receivable, ReceivableInvoice,
    Registration, RegistrationCollateral, TradeReference,
)  # fmt: skip
"""The tables whose changes touch a family."""


@dataclass(slots=True)
class Rows:
    """Every version of what makes up and claims one family, by what it is."""

    nodes: set[str] = field(default_factory=set)
    invoices: dict[str, list[Invoice]] = field(default_factory=dict)
    receivables: dict[str, list[Receivable]] = field(default_factory=dict)
    alone: dict[str, list[Fact]] = field(default_factory=dict)
    links: list[ReceivableInvoice] = field(default_factory=list)
    outputs: dict[str, Output] = field(default_factory=dict)
    pools: list[PoolAsset] = field(default_factory=list)
    packed: list[PackageInvoice] = field(default_factory=list)
    collateral: list[FinancingCollateral] = field(default_factory=list)
    covered: list[RegistrationCollateral] = field(default_factory=list)
    financings: dict[str, list[Financing]] = field(default_factory=dict)
    registrations: dict[str, list[Registration]] = field(default_factory=dict)
    settlements: list[Settlement] = field(default_factory=list)
    notes: dict[str, list[Invoice]] = field(default_factory=dict)
    """Invoices that refer to an invoice of the family, or to such a one with an amount below zero: red ones (红字发票)
    and what may have been issued in its place."""
    queries: list[RegistrationQuery] = field(default_factory=list)
    worths: Worths = field(default_factory=Worths)
    managers: dict[str, str] = field(default_factory=dict)
    """By plan: who acts for it."""

    def claimed(self) -> bool:
        """Tell whether anybody claims it."""
        return bool(self.collateral or self.covered or self.pools or self.outputs)

    def changed(self) -> Iterator[Fact]:
        """Yield every version on which what can be said of the family depends."""
        for group in (self.invoices, self.receivables, self.alone, self.financings, self.registrations, self.notes):
            for versions in group.values():
                yield from versions
        yield from self.links
        yield from self.outputs.values()
        yield from self.pools
        yield from self.packed
        yield from self.collateral
        yield from self.covered
        for financing in self.financings:
            yield from self.worths.put_up.get(financing, ())


def load_rows(
    histories: Histories, seeds: Collection[str], wanted: Callable[[Rows], bool] = lambda _rows: True
) -> list[Rows]:
    """Return the families of these seeds (``<kind> <id>``) that somebody claims, each once, with all their versions.

    Only those that are ``wanted``, who is shown each but for ``queries``, ``worths`` and ``managers``.
    """
    ties, links, invoices = _closure(histories, seeds)
    families: defaultdict[str, Rows] = defaultdict(Rows)
    for node in ties.nodes():
        families[ties.root(node)].nodes.add(node)
    for link in links:
        families[ties.root(f"receivable {link.receivable}")].links.append(link)
    for name, versions in invoices.items():
        families[ties.root(f"invoice {name}")].invoices[name] = versions
    _claims(histories, ties, families)
    claimed = [rows for rows in families.values() if rows.claimed()]
    _details(histories, claimed)
    kept = [rows for rows in claimed if wanted(rows)]
    _plans(histories, kept)
    _queries(histories, kept)
    _worths(histories, kept)
    return kept


def _named(nodes: Iterable[str], kind: str) -> list[str]:
    lead = f"{kind} "
    return [node[len(lead) :] for node in nodes if node.startswith(lead)]


def _closure(
    histories: Histories, seeds: Collection[str]
) -> tuple[Ties, list[ReceivableInvoice], dict[str, list[Invoice]]]:
    """Return what is tied to the seeds, level by level, with the links and the versions of the invoices."""
    ties = Ties()
    links: dict[str, ReceivableInvoice] = {}
    invoices: dict[str, list[Invoice]] = {}
    holder: dict[tuple[str, ...], str] = {}
    asked: set[str] = set()
    fresh = {seed for seed in seeds if seed.split(" ", 1)[0] in ("invoice", "receivable", *ALONE)}
    for seed in fresh:
        ties.add(seed)
    while fresh:
        known = set(ties.nodes())
        for link in histories.having(ReceivableInvoice, "receivable", _named(fresh, "receivable")):
            links[link.id] = link
            ties.tie(f"receivable {link.receivable}", f"invoice {link.invoice}")
        # What a receivable rests on is looked at with it: a level less to ask about.
        fresh |= {node for node in ties.nodes() if node not in known and ties.size(node) <= NODES}
        met = _named(fresh, "invoice")
        numbers = {one.number for one in histories.having(Invoice, "id", met)} - asked
        asked |= numbers
        for one in histories.having(Invoice, "number", numbers):
            invoices.setdefault(one.id, []).append(one)
        for link in histories.having(ReceivableInvoice, "invoice", met):
            links[link.id] = link
            ties.tie(f"receivable {link.receivable}", f"invoice {link.invoice}")
        for name, key in keys_of([versions[0] for versions in invoices.values()]).items():
            ties.tie(holder.setdefault(key, f"invoice {name}"), f"invoice {name}")
        for gone, anew in _reissues(histories, [invoices[name][0] for name in met if name in invoices]):
            ties.tie(f"invoice {gone}", f"invoice {anew}")
        known |= fresh
        fresh = {node for node in ties.connected(seeds) if node not in known and ties.size(node) <= NODES}
    # An invoice of the same number and another key is no part of any of these.
    reached = set(ties.connected(seeds))
    ties.keep(reached)
    links = {each: link for each, link in links.items() if f"receivable {link.receivable}" in reached}
    return ties, list(links.values()), {name: each for name, each in invoices.items() if f"invoice {name}" in reached}


def _reissues(histories: Histories, some: Sequence[Invoice]) -> list[tuple[str, str]]:
    """Return what may have been issued in the place of these, or these in the place of what, directly or by a red one.

    Which of them were gone by a height is for that height to tell.
    """
    met = {one.id: one for one in some}
    near = _referring(histories, met) | {name for one in some for name in one.refers_to}
    first = {one.id: one for one in histories.having(Invoice, "id", near)}
    red = {name: one for name, one in first.items() if one.amount_including_tax < 0}
    far = _referring(histories, red) | {name for one in red.values() for name in one.refers_to}
    met |= first
    for one in histories.having(Invoice, "id", far):
        met.setdefault(one.id, one)
    return in_place_of(met, red.values())


def _referring(histories: Histories, names: Collection[str]) -> set[str]:
    """Return the invoices that refer to some."""
    references = histories.having(TradeReference, "target", names)
    return {one.source for one in references if one.source_kind == "invoice"}


def _claims(histories: Histories, ties: Ties, families: dict[str, Rows]) -> None:
    """Add what claims the families, however it names them."""
    receivables, invoices = _named(ties.nodes(), "receivable"), _named(ties.nodes(), "invoice")
    place = {node: families[ties.root(node)] for node in ties.nodes()}
    for output in histories.having(Output, "root", receivables):
        rows = place[f"receivable {output.root}"]
        rows.outputs[output.id] = output
        place[f"output {output.id}"] = rows
    for pooled in histories.having(PoolAsset, "asset", receivables):
        place[f"receivable {pooled.asset}"].pools.append(pooled)
    holds: defaultdict[str, list[Rows]] = defaultdict(list)
    for packed in histories.having(PackageInvoice, "invoice", invoices):
        rows = place[f"invoice {packed.invoice}"]
        rows.packed.append(packed)
        holds[packed.package].append(rows)
    names = {node.split(" ", 1)[1] for node in place} | holds.keys()

    def within(kind: str, name: str) -> Iterable[Rows]:
        if kind == "package":
            return {id(rows): rows for rows in holds.get(name, ())}.values()
        found = place.get(f"{kind} {name}")
        return () if found is None else (found,)

    for put_up in histories.having(FinancingCollateral, "target", names):
        for rows in within(put_up.target_kind, put_up.target):
            rows.collateral.append(put_up)
    for covered in histories.having(RegistrationCollateral, "target", names):
        for rows in within(covered.target_kind, covered.target):
            rows.covered.append(covered)


def _details(histories: Histories, families: Sequence[Rows]) -> None:
    """Add what the claims say, and what was paid and taken back beneath them."""
    of_financing, of_registration = _by(families, "collateral", "financing"), _by(families, "covered", "registration")
    for financing in histories.having(Financing, "id", of_financing.keys()):
        for rows in of_financing[financing.id]:
            rows.financings.setdefault(financing.id, []).append(financing)
    for registration in histories.having(Registration, "id", of_registration.keys()):
        for rows in of_registration[registration.id]:
            rows.registrations.setdefault(registration.id, []).append(registration)
    place = {node: rows for rows in families for node in rows.nodes}
    for receivable in histories.having(Receivable, "id", _named(place, "receivable")):
        place[f"receivable {receivable.id}"].receivables.setdefault(receivable.id, []).append(receivable)
    for settlement in histories.having(Settlement, "receivable", _named(place, "receivable")):
        place[f"receivable {settlement.receivable}"].settlements.append(settlement)
    for kind, table in ALONE.items():
        for one in histories.having(table, "id", _named(place, kind)):
            place[f"{kind} {one.id}"].alone.setdefault(f"{kind} {one.id}", []).append(one)
    _notes(histories, {name: place[f"invoice {name}"] for name in _named(place, "invoice")})


def _worths(histories: Histories, families: Sequence[Rows]) -> None:
    packages = {one.package for rows in families for one in rows.packed if _claims_package(rows, one.package)}
    financings = {one.financing for rows in families for one in rows.collateral}
    worths = Worths.read(histories, financings, packages)
    for rows in families:
        rows.worths = worths


def _claims_package(rows: Rows, package: str) -> bool:
    claims: Iterable[FinancingCollateral | RegistrationCollateral] = (*rows.collateral, *rows.covered)
    return any(one.target_kind == "package" and one.target == package for one in claims)


def _by(families: Iterable[Rows], group: str, column: str) -> dict[str, list[Rows]]:
    found: defaultdict[str, list[Rows]] = defaultdict(list)
    for rows in families:
        for name in {getattr(one, column) for one in getattr(rows, group)}:
            found[name].append(rows)
    return found


def _notes(histories: Histories, place: dict[str, Rows]) -> None:
    """Add the invoices that refer to one of these, or to a red one of it."""
    aimed = {name: [rows] for name, rows in place.items()}
    for _ in range(2):
        found: defaultdict[str, list[Rows]] = defaultdict(list)
        for reference in histories.having(TradeReference, "target", aimed.keys()):
            if reference.source_kind == "invoice":
                found[reference.source] += aimed[reference.target]
        aimed = {}
        versions: defaultdict[str, list[Invoice]] = defaultdict(list)
        for note in histories.having(Invoice, "id", found.keys()):
            versions[note.id].append(note)
        for name, some in versions.items():
            fresh = list({id(rows): rows for rows in found[name] if name not in rows.notes}.values())
            for rows in fresh:
                rows.notes[name] = some
            if fresh and some[0].amount_including_tax < 0:
                aimed[name] = fresh


def _plans(histories: Histories, families: Sequence[Rows]) -> None:
    plans = {pooled.plan for rows in families for pooled in rows.pools}
    managers: dict[str, str] = {}
    for plan in histories.having(Plan, "id", plans):
        managers.setdefault(plan.id, plan.manager)
    for rows in families:
        rows.managers = {pooled.plan: managers[pooled.plan] for pooled in rows.pools if pooled.plan in managers}


def _queries(histories: Histories, families: Sequence[Rows]) -> None:
    """Add the searches of the register that were made of what two parties have filed on."""
    wanted: defaultdict[str, list[Rows]] = defaultdict(list)
    for rows in families:
        filed = [versions[0] for versions in rows.registrations.values()]
        if len({one.secured_party for one in filed}) > 1:
            names = {one.target for one in rows.covered} | {node.split(" ", 1)[1] for node in rows.nodes}
            for name in names | {one.debtor for one in filed}:
                wanted[name].append(rows)
    for query in histories.having(RegistrationQuery, "subject", wanted.keys()):
        for rows in wanted[query.subject]:
            rows.queries.append(query)
