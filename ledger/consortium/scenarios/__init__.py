"""Small scenarios, one for each system the vocabulary names: a script of a page, which is its documentation too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ledger.consortium import blocks
from ledger.consortium.chain import Consortium
from ledger.consortium.folder import appearing, archived
from ledger.consortium.scenarios.scene import START, Scene, Trail
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.sources.raw import RawBlock
    from ledger.suites import SuiteName

__all__ = ["SCENARIOS", "ScenarioSummary", "describe", "generate_scenario"]

SCENARIOS = (
    "wechain",
    "aisino",
    "uchains",
    "yinuo",
    "tianshu",
    "landport",
    "sanyue",
    "xiaomi",
    "chained_bills",
    "bill_pool",
    "financing_forms",
)
"""Their names, which are their modules'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSummary:
    """What was written, and the trail from the last record back to the first trade document."""

    scenario: str
    records: int
    members: int
    blocks: int
    trail: Trail
    first: date
    last: date
    genesis_hash: str
    contract: str
    head: str

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in plain.items()} | {
            "trail": list(self.trail)
        }


def _module(name: str) -> Any:
    if name not in SCENARIOS:
        raise LedgerError(
            "unknown-scenario",
            f"There is no scenario {name}",
            next_step="`glasspool consortium scenarios` lists them; `market` is the large one.",
        )
    return import_module(f"{__name__}.{name}")


def describe(name: str) -> str:
    """Return what a scenario is about: the first line of its script. Raises LedgerError ``unknown-scenario``."""
    return str(_module(name).__doc__).strip().splitlines()[0]


def generate_scenario(folder: Path, name: str, *, seed: int = 1, suite: SuiteName = "sm") -> ScenarioSummary:
    """Write the archive of a scenario and what a node pins; the same seed gives the same bytes.

    Raises LedgerError ``unknown-scenario``, OutputRefused ``output-used``.
    """
    script = _module(name)
    founding: list[RawBlock] = []
    chain = Consortium(founding, seed=seed, start=datetime(START.year, START.month, START.day, tzinfo=UTC), suite=suite)
    with appearing(folder) as working, archived(chain, founding, working):
        scene = Scene(chain)
        trail: Trail = script.play(scene)
        scene.seal()
    return ScenarioSummary(
        scenario=name,
        records=scene.records,
        members=len(chain.members),
        blocks=chain.height + 1,
        trail=trail,
        first=START,
        last=scene.day,
        genesis_hash=blocks.hexed(chain.genesis_hash),
        contract=blocks.hexed(chain.contract),
        head=blocks.hexed(chain.head),
    )
