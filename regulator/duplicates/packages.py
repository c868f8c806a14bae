"""The scope of packages: those that share invoices, each held against the ones registered before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.facts import (
    Financing,
    FinancingCollateral,
    Invoice,
    Package,
    PackageInvoice,
    Registration,
    RegistrationCollateral,
)
from ledger.snapshot import Market
from regulator.duplicates.claims import Claim, Instrument
from regulator.duplicates.family import key_of
from regulator.duplicates.patterns import batch_replay
from regulator.duplicates.patterns.batch_replay import Batch
from regulator.duplicates.stakes import by_id, of
from regulator.duplicates.view import OVER, current
from regulator.histories import Histories, heights_of
from regulator.scope import Changes
from regulator.signals import Signal

__all__ = ["PackageScope", "Replays"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A package with its history: its versions, its invoices, and what was claimed on it."""

    versions: list[Package]
    invoices: list[PackageInvoice]
    collateral: list[FinancingCollateral]
    covered: list[RegistrationCollateral]

    @property
    def began(self) -> int:
        return self.versions[0].from_position


class Replays:
    """A package, and those before it that share invoices with it."""

    def __init__(self, later: Packed, earlier: Sequence[Packed], known: Known) -> None:
        self._later, self._earlier, self._known = later, earlier, known

    @property
    def subjects(self) -> Collection[str]:
        """The later package."""
        return (f"package {self._later.versions[0].id}",)

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        found: set[int] = set()
        for one in (self._later, *self._earlier):
            found.update(heights_of(one.versions, one.invoices, one.collateral, one.covered))
            listed = (self._known.invoices.get(each.invoice) for each in one.invoices)
            found.update(versions[0].from_height for versions in listed if versions)
            for put_up in one.collateral:
                found.update(heights_of(self._known.financings.get(put_up.financing, ())))
            for covered in one.covered:
                found.update(heights_of(self._known.registrations.get(covered.registration, ())))
        return sorted(found)

    def assess(self, height: int) -> Iterable[Signal]:
        """Yield what is to be said of the later package."""
        later = current(self._later.versions, height)
        if later is None:
            return
        batch = self._batch(self._later, height)
        if later.superseded_by is not None and not batch.claims:
            return
        signal = batch_replay.look(batch, list(self._before(height)))
        if signal is not None:
            yield signal

    def _before(self, height: int) -> Iterator[Batch]:
        for one in self._earlier:
            package = current(one.versions, height)
            if package is None:
                continue
            batch = self._batch(one, height)
            # A package that another one came in the place of is nothing any more, unless it is still financed.
            if package.superseded_by is None or batch.claims:
                yield batch

    def _corrected(self, package: Package) -> Iterator[str]:
        """Yield the packages that one came in the place of: a correction may be corrected in turn."""
        before = {one.versions[0].id: one.versions[0].supersedes for one in (self._later, *self._earlier)}
        seen: set[str] = set()
        name = package.supersedes
        while name is not None and name not in seen:
            seen.add(name)
            yield name
            name = before.get(name)

    def _batch(self, one: Packed, height: int) -> Batch:
        package = one.versions[0]
        listed = [each.invoice for each in one.invoices if each.from_height <= height]
        invoices = [found[0] for name in listed if (found := self._known.invoices.get(name))]
        invoices = [each for each in invoices if each.from_height <= height]
        return Batch(
            id=package.id,
            began=one.began,
            by=package.registered_by,
            faces={key_of(each): each.amount_including_tax for each in invoices},
            parties=frozenset(party for each in invoices for party in (each.seller, each.buyer)),
            corrects=frozenset(self._corrected(package)),
            claims=tuple(self._known.claims(one, height)),
        )


@dataclass(slots=True, kw_only=True)
class Known:
    """What the packages of one loading rest on and are claimed by."""

    invoices: dict[str, list[Invoice]]
    financings: dict[str, list[Financing]]
    registrations: dict[str, list[Registration]]

    def claims(self, one: Packed, height: int) -> Iterator[Claim]:
        """Yield who claims a package by its name at the height."""
        for put_up in one.collateral:
            financing = current(self.financings.get(put_up.financing, ()), height)
            if current((put_up,), height) is None or financing is None or financing.status in OVER:
                continue
            left = max(max(financing.amount, financing.disbursed) - financing.repaid, 0)
            yield _claim(
                Instrument.FINANCING,
                f"financing {financing.id}",
                financing.financier,
                financing.applicant,
                put_up,
                left,
            )
        for covered in one.covered:
            registration = current(self.registrations.get(covered.registration, ()), height)
            if current((covered,), height) is None or registration is None or registration.status != "active":
                continue
            yield _claim(
                Instrument.REGISTRATION,
                f"registration {registration.id}",
                registration.secured_party,
                registration.debtor,
                covered,
                0,
            )


def _claim(
    instrument: Instrument,
    thing: str,
    holder: str,
    giver: str,
    on: FinancingCollateral | RegistrationCollateral,
    money: int,
) -> Claim:
    target = f"package {on.target}"
    return Claim(
        instrument=instrument,
        thing=thing,
        holder=holder,
        givers=frozenset((giver,)),
        target=target,
        covers=(target,),
        extent=money,
        money=money,
        bought=instrument is Instrument.FINANCING,
        began=on.from_position,
        paid_out=on.from_position,
        day=None,
        evidence=(on.from_position,),
    )


class PackageScope:
    """Packages of small invoices, and the pattern of their replay."""

    name = "duplicates.packages"
    rules = (batch_replay.RULE,)
    reads = (
        Financing, FinancingCollateral, Invoice, Package, PackageInvoice, Registration, RegistrationCollateral,
    )  # fmt: skip

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`: packages that changed, are claimed otherwise, or share invoices with one."""
        names = {one.id for one in of(changes, Package)} | {one.package for one in of(changes, PackageInvoice)}
        claims: list[FinancingCollateral | RegistrationCollateral] = [
            *of(changes, FinancingCollateral),
            *of(changes, RegistrationCollateral),
            *histories.having(FinancingCollateral, "financing", {one.id for one in of(changes, Financing)}),
            *histories.having(RegistrationCollateral, "registration", {one.id for one in of(changes, Registration)}),
        ]
        names |= {one.target for one in claims if one.target_kind == "package"}
        packed = histories.having(PackageInvoice, "invoice", {one.id for one in of(changes, Invoice)})
        names |= {one.package for one in packed}
        return {f"package {name}" for name in names | _sharing(histories, names)}

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`: packages with an invoice whose number is in another package too."""
        packed, invoices = market.stated(PackageInvoice), market.table(Invoice)
        numbers = invoices.select(name=invoices.id, number=invoices.number)
        within = packed.join(numbers, packed.invoice == numbers.name).select("package", "number").distinct()
        shared = within.group_by("number").aggregate(packages=within.package.count())
        shared = shared.filter(shared.packages > 1)
        found = within.semi_join(shared, within.number == shared.number)
        return found.select(seed="package " + found.package).distinct()

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Replays]:
        """See :meth:`Scope.load`."""
        mine = {seed.removeprefix("package ") for seed in seeds}
        names = mine | _sharing(histories, mine)
        packages = by_id(histories.having(Package, "id", names))
        invoices: defaultdict[str, list[PackageInvoice]] = defaultdict(list)
        for packed in histories.having(PackageInvoice, "package", names):
            invoices[packed.package].append(packed)
        collateral, covered = _on_packages(histories, names)
        known = _known(histories, invoices, collateral, covered)
        all_ = {
            name: Packed(versions=versions, invoices=invoices[name], collateral=collateral[name], covered=covered[name])
            for name, versions in packages.items()
        }
        holding: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        keys = {name: key_of(versions[0]) for name, versions in known.invoices.items()}
        for name in all_:
            for packed in invoices[name]:
                if packed.invoice in keys:
                    holding[keys[packed.invoice]].add(name)
        for name in sorted(mine & all_.keys()):
            met = {
                each for packed in invoices[name] if packed.invoice in keys for each in holding[keys[packed.invoice]]
            }
            earlier = [all_[each] for each in sorted(met) if (all_[each].began, each) < (all_[name].began, name)]
            if earlier:
                yield Replays(all_[name], earlier, known)


def _known(
    histories: Histories,
    invoices: dict[str, list[PackageInvoice]],
    collateral: dict[str, list[FinancingCollateral]],
    covered: dict[str, list[RegistrationCollateral]],
) -> Known:
    listed = {each.invoice for some in invoices.values() for each in some}
    financings = {each.financing for some in collateral.values() for each in some}
    registrations = {each.registration for some in covered.values() for each in some}
    return Known(
        invoices=by_id(histories.having(Invoice, "id", listed)),
        financings=by_id(histories.having(Financing, "id", financings)),
        registrations=by_id(histories.having(Registration, "id", registrations)),
    )


def _on_packages(
    histories: Histories, names: Collection[str]
) -> tuple[dict[str, list[FinancingCollateral]], dict[str, list[RegistrationCollateral]]]:
    collateral: defaultdict[str, list[FinancingCollateral]] = defaultdict(list)
    for one in histories.having(FinancingCollateral, "target", names):
        if one.target_kind == "package":
            collateral[one.target].append(one)
    covered: defaultdict[str, list[RegistrationCollateral]] = defaultdict(list)
    for each in histories.having(RegistrationCollateral, "target", names):
        if each.target_kind == "package":
            covered[each.target].append(each)
    return collateral, covered


def _of_numbers(histories: Histories, numbers: Collection[str]) -> set[str]:
    return {one.id for one in histories.having(Invoice, "number", numbers)}


def _sharing(histories: Histories, names: Collection[str]) -> set[str]:
    """Return the packages that list an invoice of a number that one of these lists."""
    listed = {one.invoice for one in histories.having(PackageInvoice, "package", names)}
    numbers = {one.number for one in histories.having(Invoice, "id", listed)}
    again = _of_numbers(histories, numbers) | listed
    return {one.package for one in histories.having(PackageInvoice, "invoice", again)}
