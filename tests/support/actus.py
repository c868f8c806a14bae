"""ACTUS reference tests (actusfrf/actus-tests): their files read, and their terms as contracts and guarantees.

Every term of a case is either translated or named in ``NO_MATTER``; one that is neither stops the translation, so that
nothing is passed over in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from abs.calendars import calendar
from abs.instrument import Contract, ContractType, Reset, Trade
from abs.instrument.dates import Cycle, Shift
from abs.instrument.guarantee import Covered, CreditEvent, Exposure, Guarantee, GuaranteeFee
from abs.money import DayCount

DAY_COUNTS = {
    "A365": DayCount.ACT_365F,
    "A360": DayCount.ACT_360,
    "AA": DayCount.ACT_ACT_ISDA,
    "30E360": DayCount.THIRTY_E_360,
    "30E360ISDA": DayCount.THIRTY_E_360_ISDA,
}
CALENDARS: dict[str, Literal["every_day", "weekdays"]] = {"NC": "every_day", "MF": "weekdays"}
NO_MATTER = {
    "contractDealDate": "nothing is computed from the day of the deal",
    "currency": "one contract, one currency",
    "fixingDays": "observations are stated by the day of the reset, not by the day they were made",
    "marketObjectCodeOfRateReset": "a case observes one object alone",
}
CYCLE = re.compile(r"P(\d+)([DWMY])L?([01])?")
EVENING = "T23:59:59"


class Terms(dict[str, Any]):
    """The terms of a case, that remember what was asked for."""

    def __init__(self, terms: Mapping[str, Any]) -> None:
        super().__init__(terms)
        self.left = set(terms) - set(NO_MATTER)

    def text(self, name: str) -> str | None:
        """A term as text, None where the case has none."""
        self.left.discard(name)
        return str(self[name]).strip() if name in self else None

    def number(self, name: str) -> Decimal | None:
        """A term as a number."""
        text = self.text(name)
        return None if text is None else Decimal(text)

    def day(self, name: str) -> date | None:
        """A term as a day, whatever its time."""
        text = self.text(name)
        return None if text is None else datetime.fromisoformat(text).date()

    def closes(self, name: str) -> bool:
        """Whether a term is the end of a day."""
        return str(self.get(name, "")).endswith(EVENING)

    def need_day(self, name: str) -> date:
        """A day that every case has."""
        day = self.day(name)
        assert day is not None, name
        return day

    def need(self, name: str) -> Decimal:
        """A number that every case has."""
        number = self.number(name)
        assert number is not None, name
        return number

    def cycle(self, of: str) -> Cycle | None:
        """A cycle with its anchor, such as ``cycleOfInterestPayment``."""
        anchor, text = self.day(f"cycleAnchorDateOf{of}"), self.text(f"cycleOf{of}")
        if anchor is None or text is None:
            return None
        match = CYCLE.fullmatch(text)
        assert match is not None, text
        count, unit = int(match[1]), match[2]
        months, days = count * {"M": 1, "Y": 12}.get(unit, 0), count * {"D": 1, "W": 7}.get(unit, 0)
        return Cycle(anchor=anchor, months=months, days=days, long_stub=match[3] == "0")

    def trade(self, on: str, price: str) -> Trade | None:
        """A purchase or termination."""
        day, paid = self.day(on), self.number(price)
        return None if day is None or paid is None else Trade(on=day, price=paid, at_close=self.closes(on))

    def calendar(self) -> dict[str, Any]:
        """The conventions of a contract or guarantee on days."""
        return {
            "calendar": calendar(CALENDARS[self.text("calendar") or "NC"]),
            "shift": Shift(self.text("businessDayConvention") or "NOS"),
            "end_of_month": self.text("endOfMonthConvention") == "EOM",
        }

    def done(self) -> None:
        """Fails for a term that nobody asked for."""
        assert not self.left, f"not translated: {sorted(self.left)}"


def contract_of(given: Mapping[str, Any]) -> Contract:
    """The contract that terms of type PAM, LAM or ANN describe."""
    terms = Terms(given)
    terms.text("contractID")
    role = terms.text("contractRole")
    assert role in ("RPA", "RPL")
    reset, when = None, terms.cycle("RateReset")
    spread, multiplier = terms.number("rateSpread"), terms.number("rateMultiplier")
    if when:
        reset = Reset(
            when=when,
            spread=spread or Decimal(0),
            multiplier=Decimal(1) if multiplier is None else multiplier,
            next_rate=terms.number("nextResetRate"),
        )
    contract = Contract(
        type=ContractType(terms.text("contractType") or ""),
        role="RPA" if role == "RPA" else "RPL",
        status=terms.need_day("statusDate"),
        exchange=terms.need_day("initialExchangeDate"),
        notional=terms.need("notionalPrincipal"),
        rate=terms.need("nominalInterestRate"),
        day_count=DAY_COUNTS[terms.text("dayCountConvention") or ""],
        maturity=terms.day("maturityDate"),
        premium=terms.number("premiumDiscountAtIED") or Decimal(0),
        accrued=terms.number("accruedInterest"),
        interest=terms.cycle("InterestPayment") or (),
        capitalise_until=terms.day("capitalizationEndDate"),
        principal=terms.cycle("PrincipalRedemption") or (),
        payment=terms.number("nextPrincipalRedemptionPayment"),
        amortised_by=terms.day("amortizationDate"),
        reset=reset,
        purchase=terms.trade("purchaseDate", "priceAtPurchaseDate"),
        termination=terms.trade("terminationDate", "priceAtTerminationDate"),
        last_day_counts=terms.closes("maturityDate") or terms.closes("amortizationDate"),
        **terms.calendar(),
    )
    terms.done()
    return contract


def guarantee_of(given: Mapping[str, Any]) -> Guarantee:
    """The guarantee that terms of type CEG describe."""
    terms = Terms(given)
    for name in ("contractType", "contractID"):
        terms.text(name)
    terms.left.discard("contractStructure")
    covered = []
    for reference in given["contractStructure"]:
        assert reference["referenceRole"] == "COVE"
        content = reference["object"]
        if reference["referenceType"] == "CID":
            covered.append(Covered(name=content["contractIdentifier"]))
        else:
            covered.append(Covered(name=content["contractID"], contract=contract_of(content)))
    settlement = CYCLE.fullmatch(terms.text("settlementPeriod") or "P0D")
    assert settlement is not None
    assert settlement[2] == "D"
    fee, when = None, terms.cycle("Fee")
    basis, rate = terms.text("feeBasis"), terms.number("feeRate")
    if when and rate is not None:
        fee = GuaranteeFee(when=when, rate=rate, basis="A" if basis == "A" else "N")
    coverage = terms.number("coverageOfCreditEnhancement")
    guarantee = Guarantee(
        role="BUY" if terms.text("contractRole") == "BUY" else "SEL",
        status=terms.need_day("statusDate"),
        covered=tuple(covered),
        covers=frozenset((terms.text("creditEventTypeCovered") or "").split(",")),
        coverage=Decimal(1) if coverage is None else coverage,
        notional=terms.number("notionalPrincipal"),
        exposure=Exposure(terms.text("guaranteedExposure") or "NO"),
        maturity=terms.day("maturityDate"),
        purchase=terms.trade("purchaseDate", "priceAtPurchaseDate"),
        fee=fee,
        settlement=int(settlement[1]),
        day_count=DAY_COUNTS[terms.text("dayCountConvention") or "AA"],
        **terms.calendar(),
    )
    terms.done()
    return guarantee


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One reference test: its terms, what is observed in it, and the events it expects."""

    name: str
    terms: Mapping[str, Any]
    to: date | None
    rates: Mapping[date, Decimal]
    credit: tuple[CreditEvent, ...]
    expected: tuple[Mapping[str, Any], ...]


def cases(file: Path) -> dict[str, Case]:
    """The reference tests of one file, by name; numbers are exactly as printed."""
    document = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal)
    found = {}
    for name, each in document.items():
        objects: Iterable[Mapping[str, Any]] = each["dataObserved"].values()
        assert len(each["dataObserved"]) <= 1
        rates = {_day(one["timestamp"]): Decimal(one["value"]) for object_ in objects for one in object_["data"]}
        credit = tuple(
            CreditEvent(on=_day(one["time"]), name=one["contractId"], performance=one["states"]["contractPerformance"])
            for one in each["eventsObserved"]
        )
        to = _day(each["to"]) if each["to"] else None
        found[name] = Case(
            name=name,
            terms=each["terms"],
            to=to,
            rates=rates,
            credit=credit,
            expected=tuple(
                {field: _value(field, value) for field, value in event.items()} for event in each["results"]
            ),
        )
    return found


def _value(field: str, value: str | Decimal) -> str | datetime | Decimal:
    """A value of an expected event; some of the files have their numbers in quotes."""
    if field in ("eventType", "currency"):
        return str(value)
    return datetime.fromisoformat(str(value)) if field in ("eventDate", "exerciseDate") else Decimal(value)


def _day(text: str) -> date:
    return datetime.fromisoformat(text).date()
