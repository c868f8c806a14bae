"""An honest chain to lie about, short and with one of everything, and another history that its sealers also signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from eth_abi import encode

from ledger.consortium.chain import OPERATOR, Consortium
from ledger.consortium.lies import Bench
from ledger.contract_map import ContractMap
from ledger.contracts import record_call, record_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.consortium.chain import Member
    from ledger.sources.raw import RawBlock
    from ledger.suites import Suite, SuiteName

__all__ = ["ABOUT", "FORK", "IMPOSTOR", "MAPPED", "Stage"]

START = datetime(2024, 1, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)
ABOUT = 3
"""The block that lies are told about: it holds records, calls, and a call that is read by a map."""
FORK = 5
"""The first block of the other history. The one before holds a vote, so this one has another sealer."""
MAPPED, IMPOSTOR = bytes.fromhex("ac" * 20), bytes.fromhex("ee" * 20)
"""A contract that is read by a map; and one that logs like the record book and is none."""
MEMBERS = {"core": "core_enterprise", "supplier": "supplier"}
CLAIM = bytes.fromhex("11" * 32)


class Stage:
    """Both histories as blocks, what a node pins to follow the first, and what a liar has to alter block ``ABOUT``."""

    def __init__(self, suite: SuiteName, seed: int = 7) -> None:
        self._suite, self._seed = suite, seed
        self.blocks: list[RawBlock] = []
        told = self._history(self.blocks, self._last)
        self.suite: Suite = told.suite
        self.genesis_hash, self.contract = told.genesis_hash, told.contract
        self.maps = ((MAPPED, _MAP.to_json()),)
        self.rival = self.ending(self._rival)

    def ending(self, tell: Callable[[Consortium], None]) -> list[RawBlock]:
        """Return the history up to block ``FORK``, which and all after it are what ``tell`` writes."""
        written: list[RawBlock] = []
        self._history(written, tell)
        return written

    def _history(self, sink: list[RawBlock], last: Callable[[Consortium], None]) -> Consortium:
        chain = Consortium(sink, seed=self._seed, start=START, suite=self._suite)
        operator = chain.members[OPERATOR]
        chain.admit(operator)
        for name, role in MEMBERS.items():
            chain.admit(chain.enrol(name, name, [role]))
        seal(chain)
        _write_everything(chain, operator)
        self.bench = Bench.of(chain, MAPPED)
        seal(chain, signing=4)
        chain.add_sealer("newcomer")
        update(chain, "甲")
        seal(chain)
        last(chain)
        return chain

    def _last(self, chain: Consortium) -> None:
        operator, said = chain.members[OPERATOR], b'{"v":1}'
        update(chain, "乙")
        topics, data = record_log(chain.suite, operator.address, "memo.noted", said)
        call = record_call(chain.suite, "memo.noted", said)
        chain.call(operator, IMPOSTOR, call, logs=((IMPOSTOR, topics, data),))
        seal(chain)

    def _rival(self, chain: Consortium) -> None:
        for name in "丙丁":
            update(chain, name)
            seal(chain)


def seal(chain: Consortium, **more: Any) -> None:
    """Close the next day's block."""
    chain.seal(START + DAY * chain.height, **more)


def update(chain: Consortium, name: str) -> None:
    """Let the operator record a member's new name."""
    chain.record(chain.members[OPERATOR], "member.updated", {"v": 1, "member": "supplier", "name": name})


def _write_everything(chain: Consortium, operator: Member) -> None:
    """Two records, a mapped call, and calls whose output reads like a record of the book."""
    update(chain, "天")
    topics, data = record_log(chain.suite, operator.address, "member.suspended", b"{}")
    reads_like_a_record = chain.contract.hex().encode() + b"".join(topics) + data
    chain.call(operator, bytes(19) + b"\x05", b"\x01\x02", output=reads_like_a_record)
    chain.call(operator, chain.contract, b"\x01\x02", output=reads_like_a_record, status=16)
    ((event, _),), (function,) = _MAP.events(), _MAP.calls()
    log = MAPPED, (event.topic(chain.suite), CLAIM), encode(event.data, (b"\x22" * 32,))
    call = function.selector(chain.suite) + CLAIM
    chain.call(operator, MAPPED, call, output=encode(function.outputs, (True,)), logs=(log,))
    update(chain, "地")


_MAP = ContractMap.model_validate(
    {
        "format": 1,
        "name": "claims",
        "functions": ({"signature": "confirm(bytes32)", "outputs": ("bool",)},),
        "sections": (
            {
                "event": "Confirmed(bytes32 indexed id, bytes32 by)",
                "record": "receivable.confirmed",
                "payload": {
                    "v": {"value": 1},
                    "receivable": {"hex": "id"},
                    "by": {"party": "by"},
                    "method": {"value": "platform"},
                },
            },
        ),
    }
)
