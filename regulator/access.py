"""Who may do what: an actor, an action, and a decision that says why.

Everything a person does with findings and cases is asked here first. Roles are those of the vocabulary; what a role may
do is one table. A plan's manager and custodian look at their own plans only, and the decision says so. Whoever acts for
a member may answer what that member was asked, whatever its role: being asked is the ground, and
:mod:`regulator.cases` knows who was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from regulator.errors import NotAllowed

__all__ = ["ALLOWED", "LOOPBACK", "Action", "Actor", "Decision", "decide", "require"]


class Action(StrEnum):
    """What may be asked for."""

    READ_LEDGER = "ledger.read"
    READ_FINDINGS = "findings.read"
    SUPPRESS = "findings.suppress"
    READ_CASES = "cases.read"
    WRITE_CASES = "cases.write"
    ANSWER = "cases.answer"
    EXPORT = "evidence.export"
    READ_TRAIL = "trail.read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks: a name for the trail, the roles, the member it acts for, and the plans it acts on."""

    name: str
    roles: frozenset[str]
    member: str | None = None
    plans: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether it is allowed, and the sentence that says why."""

    allowed: bool
    reason: str


_ALL = frozenset(Action)
_ASKED = frozenset({Action.ANSWER})
_LOOKS = frozenset({Action.READ_LEDGER, Action.READ_FINDINGS})

ALLOWED: Final[Mapping[str, frozenset[Action]]] = MappingProxyType(
    {
        "regulator": _ALL,
        "auditor": _ALL - {Action.SUPPRESS},
        "exchange": _LOOKS | _ASKED,
        "plan_manager": _LOOKS | _ASKED,
        "custodian": _LOOKS | _ASKED,
        **dict.fromkeys(
            (
                "core_enterprise", "supplier", "factor", "bank", "platform", "servicer", "originator", "rating",
                "law_firm", "asset_gateway", "invoice_verifier", "settlement", "warehouse", "customs_platform",
                "registry",
            ),
            _ASKED,
        ),
        "operator": frozenset(),
    }
)  # fmt: skip
"""By role, what it may do; a role that is not here may do nothing."""

WHOLE_MARKET: Final = frozenset({"regulator", "auditor", "exchange"})
"""Roles that see every plan; the others see the plans they act on."""

LOOPBACK: Final = Actor(name="loopback", roles=frozenset({"regulator"}))
"""Whoever sits at this machine, until sign-in exists."""


def decide(actor: Actor, action: Action, plan: str | None = None) -> Decision:
    """Return whether the actor may do this, to a plan where it concerns one, and why."""
    able = sorted(role for role in actor.roles if action in ALLOWED.get(role, frozenset()))
    if not able:
        roles = ", ".join(sorted(actor.roles)) or "no role"
        return Decision(allowed=False, reason=f"{actor.name} ({roles}) may not do {action.value}")
    if action is Action.ANSWER:
        if actor.member is None:
            return Decision(allowed=False, reason=f"{actor.name} acts for no member that could be asked")
        return Decision(allowed=True, reason=f"{able[0]} may do {action.value} for {actor.member}")
    everywhere = [role for role in able if role in WHOLE_MARKET]
    if everywhere:
        return Decision(allowed=True, reason=f"{everywhere[0]} may do {action.value}")
    if plan is None:
        return Decision(allowed=False, reason=f"{able[0]} may do {action.value} for a plan of its own only")
    if plan not in actor.plans:
        return Decision(allowed=False, reason=f"plan {plan} is not one of {actor.name}'s")
    return Decision(allowed=True, reason=f"{able[0]} of plan {plan} may do {action.value}")


def require(actor: Actor, action: Action, plan: str | None = None) -> None:
    """Return when the actor may do this. Raises NotAllowed with the decision's reason."""
    decision = decide(actor, action, plan)
    if not decision.allowed:
        raise NotAllowed("not-allowed", decision.reason)
