"""Another platform's contract, read by a map: what it says becomes records, and a receipt has one reading only."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi import encode

from ledger.admission import accept, examine, genesis
from ledger.chains.shape import Log
from ledger.contract_map import ContractMap, Unfit, _tuples, contract_map, load_contract_map
from ledger.contracts import Registry
from ledger.errors import Malformed, ProofFailed
from ledger.facts import Financing, Receivable
from ledger.mapped import MappedContract
from ledger.proofs import Proof, ProofVerifier, Prover
from ledger.replica import join, sync
from ledger.store import Store
from ledger.verdict import Verdict
from tests.support.chains import SmallChain
from tests.support.sources import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.consortium import Member
    from ledger.finding import Finding

MAP = Path(__file__).parents[2] / "docs" / "maps" / "accounts_receivable.toml"
ADDRESS = bytes.fromhex("ac" * 20)
ID = bytes.fromhex("11" * 32)
MEMBERS = {"supplier": ["supplier"], "core": ["core_enterprise"], "factor": ["factor"], "gateway": ["asset_gateway"]}
HASHES = {name: bytes([at + 1]) * 32 for at, name in enumerate(MEMBERS)}
TOPICS = {
    "ReceivableCreated": "ReceivableCreated(bytes32,bytes32,bytes32,uint256,uint64)",
    "Confirmed": "Confirmed(bytes32,bytes32)",
    "Adjusted": "Adjusted(bytes32,int256,uint8,uint64)",
    "Financed": "Financed(bytes32,bytes32,bytes32,bytes32,uint256,uint32,uint64,uint64)",
    "StatusChanged": "StatusChanged(bytes32,uint8,uint64)",
    "OwnerChanged": "OwnerChanged(address,address)",
}


def seconds(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC).timestamp())


class Platform:
    """A chain with the record book and the mapped contract, its members, and the store that follows it."""

    def __init__(self, store: Store, mapping: ContractMap) -> None:
        self.store, self.chain = store, SmallChain()
        self.crypto = self.chain.consortium.suite
        contract = MappedContract(ADDRESS, mapping, self.crypto)
        self.registry = Registry(self.crypto, frozenset({self.chain.consortium.contract}), {ADDRESS: contract})
        self.state: Any = None
        self.members = {name: self.chain.consortium.enrol(name, name, roles) for name, roles in MEMBERS.items()}
        self.chain.consortium.admit(self.chain.operator)
        for member in self.members.values():
            self.chain.consortium.admit(member)
        assert self.follow() == []

    def log(self, event: str, topics: tuple[bytes, ...], types: tuple[str, ...], *data: object) -> Any:
        return (ADDRESS, (self.crypto.digest(TOPICS[event].encode()), *topics), encode(types, data))

    def call(self, sender: str, function: str, *logs: Any, output: bytes = encode(["bool"], [True])) -> None:
        """Let a member call the contract; the function's arguments matter to nobody here."""
        self.chain.consortium.call(
            self.members[sender],
            ADDRESS,
            self.crypto.digest(function.encode())[:4] + bytes(64),
            output=output,
            logs=logs,
        )

    def follow(self) -> list[Finding]:
        """Seal what was sent and commit every new block; returns the findings."""
        self.chain.next_day()
        found: list[Finding] = []
        head = self.store.head()
        for raw in self.chain.blocks[0 if head is None else head.height + 1 :]:
            if self.state is None:
                block, self.state = genesis(raw.document, self.chain.anchor)
            else:
                judged = examine(raw.document, self.chain.anchor, self.registry)
                block, self.state = accept(judged, raw.document, self.state)
            found += self.store.commit(block, trusted=self.state.to_json())
        return found

    def created(self) -> Any:
        return self.log(
            "ReceivableCreated", (ID,), ("bytes32", "bytes32", "uint256", "uint64"),
            HASHES["supplier"], HASHES["core"], 1_000_00, seconds("2024-06-30"),
        )  # fmt: skip

    def create(self) -> None:
        self.call("supplier", "createReceivable(bytes32,bytes32,bytes32,uint256,uint64)", self.created())


def mapping_of(**changes: object) -> ContractMap:
    parties = {f"0x{value.hex()}": name for name, value in HASHES.items()}
    return load_contract_map(MAP).model_copy(update={"parties": parties, **changes})


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with Store.create(tmp_path / "ledger.db") as store:
        yield Platform(store, mapping_of())


def test_the_life_of_a_receivable_is_read_from_the_events(platform: Platform) -> None:
    platform.create()
    platform.call("core", "confirm(bytes32)", platform.log("Confirmed", (ID,), ("bytes32",), HASHES["core"]))
    adjusted = platform.log("Adjusted", (ID,), ("int256", "uint8", "uint64"), -5_000, 0, seconds("2024-01-03"))
    platform.call("gateway", "adjust(bytes32,int256,uint8)", adjusted)
    assert platform.follow() == []
    financed = platform.log(
        "Financed", (ID, bytes.fromhex("22" * 32)), ("bytes32", "bytes32", "uint256", "uint32", "uint64", "uint64"),
        HASHES["supplier"], HASHES["factor"], 80_000, 52_500, seconds("2024-01-03"), seconds("2024-06-30"),
    )  # fmt: skip
    platform.call("factor", "finance(bytes32,bytes32,bytes32,uint256,uint32,uint64,uint64)", financed)
    assert platform.follow() == []
    facts = platform.store.at()
    row = facts.get(Receivable, f"0x{ID.hex()}")
    assert row is not None
    assert (row.creditor, row.debtor, row.amount, row.adjusted, str(row.due), row.confirmed_by) == (
        "supplier", "core", 100_000, -5_000, "2024-06-30", "core",
    )  # fmt: skip
    assert (row.confirmed_signer, row.confirmed_signer_member) == (
        f"0x{platform.members['core'].address.hex()}",
        "core",
    )
    financing = facts.get(Financing, "0x" + "22" * 32)
    assert financing is not None
    assert (financing.applicant, financing.financier, financing.amount, str(financing.rate)) == (
        "supplier", "factor", 80_000, "0.052500",
    )  # fmt: skip


def test_a_condition_chooses_the_record_and_the_rest_is_kept_raw(platform: Platform) -> None:
    platform.create()
    assert platform.follow() == []
    for status, code in ((2, "record.unknown_kind"), (3, "receivable.settled_unpaid")):
        changed = platform.log("StatusChanged", (ID,), ("uint8", "uint64"), status, seconds("2024-01-04"))
        platform.call("supplier", "setStatus(bytes32,uint8)", changed)
        assert [finding.code.value for finding in platform.follow()] == [code]
    kinds = [record.kind for record in platform.store.records()]
    assert kinds[-2:] == ["accounts_receivable.StatusChanged", "receivable.settled"]
    raw = platform.store.records()[-2].payload
    assert raw == b'{"arguments":{"at":%d,"id":"0x%s","status":2},"v":1}' % (seconds("2024-01-04"), b"11" * 32)


def test_a_value_outside_the_map_is_kept_raw(platform: Platform) -> None:
    platform.create()
    platform.follow()
    odd = platform.log("Adjusted", (ID,), ("int256", "uint8", "uint64"), -(2**200), 9, seconds("2024-01-03"))
    platform.call("gateway", "adjust(bytes32,int256,uint8)", odd)
    assert [finding.code.value for finding in platform.follow()] == ["record.unknown_kind"]


def test_a_party_nobody_knows_by_its_hash_is_named_by_it(platform: Platform) -> None:
    stranger = platform.log(
        "ReceivableCreated", (ID,), ("bytes32", "bytes32", "uint256", "uint64"),
        HASHES["supplier"], b"\x99" * 32, 5, seconds("2024-06-30"),
    )  # fmt: skip
    platform.call("supplier", "createReceivable(bytes32,bytes32,bytes32,uint256,uint64)", stranger)
    assert [finding.code.value for finding in platform.follow()] == ["reference.missing"]
    row = platform.store.at().get(Receivable, f"0x{ID.hex()}")
    assert row is not None
    assert row.debtor == "0x" + "99" * 32


def test_events_that_stand_for_nothing_and_foreign_calls_are_no_evidence(platform: Platform) -> None:
    member = platform.members["core"]
    platform.chain.consortium.call(member, bytes.fromhex("dd" * 20), bytes(4), logs=(platform.created(),))
    platform.call("core", "unheardOf(bytes32)", platform.created())
    assert platform.follow() == []
    assert platform.store.records()[-1].kind == "member.admitted"
    head = platform.store.head()
    assert head is not None
    assert platform.store.block(head.height).unproven_logs == 2
    _owner_changed(platform, member)
    assert [finding.code.value for finding in platform.follow()] == ["record.unknown_kind"]


def _owner_changed(platform: Platform, member: Member) -> None:
    topics = (member.address.rjust(32, b"\0"), bytes(32))
    platform.call("core", "confirm(bytes32)", platform.log("OwnerChanged", topics, ()))


BOOL = encode(["bool"], [True])


@pytest.mark.parametrize(
    ("output", "change"),
    [
        (b"", {}),  # the output went elsewhere
        (BOOL + bytes(32), {}),  # a log's bytes were taken for output
        (b"\x02".rjust(32, b"\0"), {}),  # no bool
        (BOOL, {"address": bytes.fromhex("dd" * 20)}),
        (BOOL, {"topics": ()}),
        (BOOL, {"topics": (b"\x77" * 32, ID)}),
        (BOOL, {"topics": "without the indexed argument"}),
        (BOOL, {"data": "a word short"}),
        (BOOL, {"data": "a word long"}),
    ],
)
def test_a_receipt_split_in_another_way_is_refused(platform: Platform, output: bytes, change: dict[str, Any]) -> None:
    address, topics, data = platform.created()
    if change.get("topics") == "without the indexed argument":
        change = {"topics": topics[:1], "data": topics[1] + data}
    elif "data" in change:
        change = {"data": data[:-32] if "short" in change["data"] else data + bytes(32)}
    log = dataclasses.replace(Log(address=address, topics=topics, data=data), **change)
    platform.create()
    platform.chain.next_day()
    judged = platform.chain.blocks[-1]
    receipt, transaction = _of(judged.document)
    forged = dataclasses.replace(receipt, output=output, logs=(log,))
    contract = platform.registry.mapped[ADDRESS]
    assert len(contract.read(0, transaction, receipt, bytes(20))[0]) == 1
    with pytest.raises(ProofFailed) as refused:
        contract.read(0, transaction, forged, bytes(20))
    assert refused.value.code == "mapped-split"
    lenient = MappedContract(ADDRESS, mapping_of(foreign_logs=True), platform.crypto)
    assert lenient.read(0, transaction, forged, bytes(20)) == ([], 1)


def _of(document: bytes) -> tuple[Any, Any]:
    from ledger.chains import fisco3

    block = fisco3.parse_block(document)
    assert block.receipts is not None
    assert block.transactions is not None
    return block.receipts[0], block.transactions[0]


@pytest.mark.parametrize(
    ("line", "instead", "cause"),
    [
        ("format = 1", "format = 2", "format"),
        ('name = "accounts_receivable"', 'name = "A R"', "name"),
        ("confirm(bytes32)", "confirm(bytes33)", "no type of the ABI"),
        ("confirm(bytes32)", "confirm bytes32", "no function's signature"),
        ("Confirmed(bytes32 indexed id, bytes32 by)", "Confirmed(bytes32 id, bytes32 id)", "its own name"),
        ("Confirmed(bytes32 indexed id, bytes32 by)", "Confirmed(bytes32)", "no argument"),
        ('by = { party = "by" }', 'by = { party = "whom" }', "whom"),
        ('by = { party = "by" }', 'by = { party = "by", hex = "id" }', "exactly one"),
        ('by = { party = "by" }', 'by = { party = "by", unknown = 1 }', "unknown"),
        ('record = "receivable.confirmed"', 'record = "Receivable"', "record"),
        ("[[sections]]", "[[sections", "line"),
    ],
)
def test_a_map_that_is_wrong_says_where(tmp_path: Path, line: str, instead: str, cause: str) -> None:
    text = MAP.read_text("utf-8")
    assert line in text
    (tmp_path / "map.toml").write_text(text.replace(line, instead), encoding="utf-8")
    with pytest.raises(Malformed) as refused:
        load_contract_map(tmp_path / "map.toml")
    assert refused.value.code == "contract-map"
    assert cause in refused.value.message


def test_a_map_is_kept_as_text_and_read_again() -> None:
    mapping = mapping_of()
    assert ContractMap.model_validate_json(mapping.to_json()) == mapping


def test_a_node_joins_with_a_map_proves_and_is_verified_by_whoever_has_the_map(tmp_path: Path) -> None:
    with Store.create(tmp_path / "other.db") as store:
        platform = Platform(store, mapping_of())
        platform.create()
        platform.call("core", "confirm(bytes32)", platform.log("Confirmed", (ID,), ("bytes32",), HASHES["core"]))
        platform.follow()
        chain, digest = platform.chain, store.at().facts_digest
    maps = ((ADDRESS, mapping_of().to_json()),)
    with Store.create(tmp_path / "node.db") as store:
        trust = {"genesis_hash": chain.consortium.genesis_hash, "contracts": (chain.consortium.contract,)}
        join(store, Listed(chain.blocks), **trust, maps=maps)
        sync(store, Listed(chain.blocks), evidence=tmp_path, workers=1)
        assert store.at().facts_digest == digest
        record = store.records("receivable.confirmed")[0]
        proof = Proof.from_json(json.dumps(Prover(store).prove(record.place).as_json()).encode())
        with pytest.raises(ProofFailed, match="reads other contracts"):
            join(store, Listed(chain.blocks), **trust)
    assert ProofVerifier(**trust, maps=maps).verify(proof).verdict is Verdict.PASSED
    assert ProofVerifier(**trust).verify(proof).verdict is Verdict.INDETERMINATE
    other = mapping_of(parties={f"0x{HASHES['core'].hex()}": "factor"}).to_json()
    assert ProofVerifier(**trust, maps=maps).verify(replace(proof, map=other)).verdict is Verdict.FAILED
    assert ProofVerifier(**trust, maps=maps).verify(replace(proof, map="{")).verdict is Verdict.FAILED


NEVER = 253_402_300_799  # the last second of the year 9999


@pytest.mark.parametrize("due", [NEVER, 2**64 - 1])
def test_a_due_date_beyond_every_calendar_is_kept_raw(platform: Platform, due: int) -> None:
    never = platform.log(
        "ReceivableCreated", (ID,), ("bytes32", "bytes32", "uint256", "uint64"),
        HASHES["supplier"], HASHES["core"], 5, due,
    )  # fmt: skip
    platform.call("supplier", "createReceivable(bytes32,bytes32,bytes32,uint256,uint64)", never)
    assert [finding.code.value for finding in platform.follow()] == ["record.unknown_kind"]


def made(source: dict[str, object], given: object) -> object:
    """What a value of a map makes of an argument called ``a``."""
    section = {"event": "E(uint256 a)", "record": "a.b", "payload": {"p": source}}
    text = json.dumps({"format": 1, "name": "x", "functions": [{"signature": "f()"}], "sections": [section]})
    return contract_map(text).record_of("E", {"a": given}, "0x00")[1]["p"]


def test_values_are_exact_or_do_not_fit() -> None:
    long = 1_234_567_890_123_456_789_012_345_678_901_234_567_890
    assert made({"digits": "a", "places": 2}, long) == f"{str(long)[:-2]}.{str(long)[-2:]}"
    assert made({"digits": "a", "places": 3}, 5) == "0.005"
    assert made({"digits": "a"}, 5) == "5"
    assert made({"digits": "a", "places": 2, "negative": True}, 5) == "-0.05"
    assert made({"fen": "a", "decimals": 4}, 12_300) == 123
    assert made({"fen": "a", "decimals": 0}, 3) == 300
    for source, given in (
        ({"text": "a"}, 10**12), ({"integer": "a", "prefix": "INV"}, 5), ({"fen": "a", "decimals": 3}, 1),
        ({"day": "a"}, NEVER), ({"hex": "a"}, 5), ({"choice": "a", "of": {"1": "x"}}, 2),
        ({"day": "a", "form": "yyyymmdd"}, 20_240_230),
    ):  # fmt: skip
        with pytest.raises(Unfit):
            made(source, given)


@pytest.mark.parametrize("kind", ["bytes[]", "string[]"])
def test_lists_of_dynamic_values_are_not_read(kind: str) -> None:
    text = MAP.read_text("utf-8").replace(
        "Confirmed(bytes32 indexed id, bytes32 by)", f"Confirmed(bytes32 indexed id, {kind} by)"
    )
    with pytest.raises(ValueError, match="lists of text or bytes"):
        ContractMap.model_validate(_tuples(tomllib.loads(text)))
