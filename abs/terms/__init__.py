"""The terms of a plan (交易条款) as data: one document that says how the plan computes, and that anybody can recompute.

A document is TOML on a manager's desk and canonical JSON on the ledger, where ``plan.established`` carries it and
``plan.terms_amended`` replaces it. Amounts are fen, rates and thresholds exact decimals, dates ISO. No code is in it:
a waterfall is a list of steps, a condition a comparison of a named measure.

``abs.terms.parts`` says what a document may hold, ``abs.terms.load`` reads one, ``abs.terms.faults`` checks it whole,
``abs.terms.plan`` finds the one in force on the ledger. docs/terms.md describes every field.
"""

from __future__ import annotations

from abs.terms.load import checked, load_terms
from abs.terms.parts import (
    Account,
    Affiliates,
    Concentration,
    Condition,
    Conventions,
    Criterion,
    Dates,
    Fee,
    Limit,
    Metrics,
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
from abs.terms.plan import TermsVersion, in_force, terms_history, terms_of

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
    "TermsVersion",
    "TranchePart",
    "Trigger",
    "Waterfall",
    "checked",
    "in_force",
    "load_terms",
    "terms_history",
    "terms_of",
]
