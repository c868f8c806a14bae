"""An operator's pin takes the replica over a change of sealers nothing explains, for one block, and stays on record."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ledger.anchor import Anchor, SealerPin, Trusted, same_sealers
from ledger.chains.shape import Sealer
from ledger.errors import LedgerError, Malformed, ProofFailed, SealerChangeUnexplained, StoreUnavailable
from ledger.pinning import named_by, pin_sealers, repin
from ledger.position import Position
from ledger.proofs import Proof, ProofVerifier, Prover
from ledger.rebuild import rebuild
from ledger.replica import join, sync
from ledger.store import Store, state
from ledger.store.state import REBUILDING
from ledger.verdict import Verdict
from tests.support.chains import SmallChain
from tests.support.sources import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT = "2024-02-03T04:05:06+00:00"


class Changed:
    """A chain whose sealers changed with block 3, and nobody voted; its store, which stopped before."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.chain = folder, SmallChain()
        self.chain.consortium.admit(self.chain.operator)
        self.chain.next_day()
        consortium = self.chain.consortium
        new = consortium._sealer("newcomer")
        consortium.sealers = tuple(sorted((*consortium.sealers[1:], new), key=lambda each: each.key))
        for at in range(3):
            consortium.admit(consortium.enrol(f"m{at}", "成员", ("supplier",)))
            self.chain.next_day()
        self.store = Store.create(folder / "ledger.db")
        join(self.store, self.source, genesis_hash=consortium.genesis_hash, contracts=(consortium.contract,))
        with pytest.raises(SealerChangeUnexplained):
            self.sync()

    @property
    def source(self) -> Listed:
        return Listed(self.chain.blocks)

    @property
    def refused(self) -> bytes:
        return self.chain.blocks[3].document

    def sync(self) -> int:
        return sync(self.store, self.source, evidence=self.folder / "evidence", workers=0).height

    def trusted(self) -> Trusted:
        held = self.store.trusted()
        assert held is not None
        return Trusted.from_json(held)

    def pin(self, **more: Any) -> SealerPin:
        """The pin an operator makes of the refused block."""
        held = self.store.anchor()
        assert held is not None
        named = named_by(self.refused, Anchor.from_json(held))
        return SealerPin(**({"height": named.height, "sealers": named.sealers, "by": "wang", "at": AT} | more))


@pytest.fixture
def changed(tmp_path: Path) -> Iterator[Changed]:
    made = Changed(tmp_path)
    yield made
    made.store.close()


class TestSealers:
    def test_the_refused_block_says_whom_it_names(self, changed: Changed) -> None:
        pin = changed.pin()
        assert pin.height == 3
        assert same_sealers(pin.sealers, changed.chain.consortium.sealers)
        assert not same_sealers(pin.sealers, changed.trusted().sealers)

    def test_pinned_for_the_refused_block_let_the_sync_go_on(self, changed: Changed) -> None:
        pin_sealers(changed.store, changed.pin())
        assert changed.sync() == 5
        after = changed.trusted()
        assert same_sealers(after.sealers, changed.chain.consortium.sealers)
        assert (after.pins, after.epochs) == ((changed.pin(),), ())

    def test_pinned_otherwise_do_not(self, changed: Changed) -> None:
        strangers = tuple(replace(each, weight=2) for each in changed.pin().sealers)
        pin_sealers(changed.store, changed.pin(sealers=strangers))
        with pytest.raises(SealerChangeUnexplained):
            changed.sync()
        pin_sealers(changed.store, changed.pin(by="li"))
        assert changed.sync() == 5
        assert [each.by for each in changed.trusted().pins] == ["li"], "a later pin takes the place of an earlier"

    @pytest.mark.parametrize("height", [1, 2, 4, 99])
    def test_are_pinned_for_the_next_block_alone(self, changed: Changed, height: int) -> None:
        with pytest.raises(LedgerError) as refused:
            pin_sealers(changed.store, changed.pin(height=height))
        assert refused.value.code == "pin-height"
        assert changed.trusted().pins == ()

    def test_no_set_of_them_can_be_pinned(self, changed: Changed) -> None:
        one = Sealer(key=b"\x01" * 64, weight=1)
        for sealers in ((), (one, one)):
            with pytest.raises(LedgerError) as refused:
                pin_sealers(changed.store, changed.pin(sealers=sealers))
            assert refused.value.code == "pin-sealers"

    def test_a_pin_holds_for_one_block_and_is_forgotten_where_it_was_not_needed(self, changed: Changed) -> None:
        chain = SmallChain()
        state = replace(chain.trusted(1), pins=(SealerPin(height=2, sealers=changed.pin().sealers, by="w", at=AT),))
        chain.next_day()
        _, state = chain.accept(chain.blocks[2].document, state)
        assert state.pins == ()
        chain.consortium.sealers = chain.consortium.sealers[1:]
        with pytest.raises(SealerChangeUnexplained):
            chain.accept(chain.next_day(), replace(state, pins=(changed.pin(height=4),)))

    def test_are_not_pinned_over_a_block_committed_meanwhile(
        self, changed: Changed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = Store.trusted

        def overtaken(store: Store) -> str | None:
            held = real(store)
            monkeypatch.setattr(Store, "trusted", real)
            pin_sealers(store, changed.pin())
            assert changed.sync() == 5
            return held

        monkeypatch.setattr(Store, "trusted", overtaken)
        with pytest.raises(StoreUnavailable) as refused:
            pin_sealers(changed.store, changed.pin(by="li"))
        assert refused.value.code == "store-moved"
        assert (changed.trusted().height, [each.by for each in changed.trusted().pins]) == (5, ["wang"])

    def test_are_not_pinned_while_facts_are_rebuilt(self, changed: Changed) -> None:
        changed.store.keep_state(REBUILDING, "somewhere")
        with pytest.raises(StoreUnavailable) as refused:
            pin_sealers(changed.store, changed.pin())
        assert refused.value.code == "facts-rebuilding"

    def test_the_state_with_its_pins_survives_its_own_text(self, changed: Changed) -> None:
        pin_sealers(changed.store, changed.pin())
        state = changed.trusted()
        assert Trusted.from_json(state.to_json()) == state
        older = {name: value for name, value in json.loads(state.to_json()).items() if name != "pins"}
        assert Trusted.from_json(json.dumps(older)).pins == (), "a state of before there were pins"

    def test_a_file_without_a_header_names_nobody(self, changed: Changed) -> None:
        held = changed.store.anchor()
        assert held is not None
        with pytest.raises(Malformed):
            named_by(b'{"transactions":[]}', Anchor.from_json(held))


class TestProofs:
    @pytest.fixture
    def proof(self, changed: Changed) -> Proof:
        pin_sealers(changed.store, changed.pin())
        changed.sync()
        made = Prover(changed.store).prove(Position(5, 0, 0))
        assert Proof.from_json(json.dumps(made.as_json()).encode()) == made
        return made

    def judged(self, changed: Changed, proof: Proof, *pins: SealerPin) -> tuple[Verdict, list[str]]:
        consortium = changed.chain.consortium
        verifier = ProofVerifier(genesis_hash=consortium.genesis_hash, contracts=(consortium.contract,), pins=pins)
        judged = verifier.verify(proof)
        return judged.verdict, [f"{step.name} {step.code}".strip() for step in judged.steps if step.verdict != "PASSED"]

    def test_across_a_pin_show_what_they_do_not_show(self, changed: Changed, proof: Proof) -> None:
        assert self.judged(changed, proof) == (Verdict.INDETERMINATE, ["pinned sealers"])
        assert self.judged(changed, proof, changed.pin(by="another reader"))[0] is Verdict.PASSED

    def test_across_another_pin_than_the_readers_own_do_not_pass(self, changed: Changed, proof: Proof) -> None:
        own = changed.pin(sealers=tuple(replace(each, weight=2) for each in changed.pin().sealers))
        assert self.judged(changed, proof, own) == (Verdict.INDETERMINATE, ["pinned sealers"])

    def test_without_the_pin_fail(self, changed: Changed, proof: Proof) -> None:
        assert self.judged(changed, replace(proof, pins=())) == (
            Verdict.FAILED, ["header signed by a quorum sealers"]
        )  # fmt: skip

    def test_that_pass_over_the_readers_own_pin_fail(self, changed: Changed) -> None:
        """Sealers of before a pin could go on signing; whoever pinned others must not believe them."""
        before = Prover(changed.store).prove(Position(2, 0, 0))
        assert self.judged(changed, before)[0] is Verdict.PASSED
        assert self.judged(changed, before, changed.pin(height=2)) == (Verdict.FAILED, ["pinned sealers sealers"])

    def test_with_pins_out_of_order_are_no_proofs(self, changed: Changed, proof: Proof) -> None:
        assert self.judged(changed, replace(proof, pins=proof.pins * 2))[1] == ["genesis proof-format"]

    def test_of_before_the_pin_do_not_carry_it(self, changed: Changed, proof: Proof) -> None:
        assert proof.pins == (changed.pin(),)
        assert Prover(changed.store).prove(Position(2, 0, 0)).pins == ()

    @pytest.mark.parametrize(
        "wrong",
        [5, {}, [5], [{"height": 3}], [{"height": 0, "sealers": [], "by": "", "at": ""}],
         [{"height": 3, "sealers": [{"key": "ab", "weight": 1}], "by": "", "at": ""}],
         [{"height": 3, "sealers": [{"key": "ab" * 64, "weight": 0}], "by": "", "at": ""}],
         [{"height": 3, "sealers": [], "by": 1, "at": ""}]],
    )  # fmt: skip
    def test_with_a_misshapen_pin_are_malformed(self, proof: Proof, wrong: Any) -> None:
        with pytest.raises(Malformed):
            Proof.from_json(json.dumps(proof.as_json() | {"sealer_pins": wrong}).encode())


def test_facts_rebuilt_across_a_pin_are_the_same(changed: Changed) -> None:
    pin_sealers(changed.store, changed.pin())
    changed.sync()
    before = changed.store.at().facts_digest
    assert rebuild(changed.store, workers=0).facts_digest == before


class TestRepinning:
    OTHER = b"\x07" * 20

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[tuple[Store, SmallChain]]:
        chain = SmallChain()
        chain.consortium.admit(chain.operator)
        chain.next_day()
        with Store.create(tmp_path / "ledger.db") as store:
            join(store, Listed(chain.blocks), genesis_hash=chain.consortium.genesis_hash, contracts=(self.OTHER,))
            sync(store, Listed(chain.blocks), evidence=tmp_path, workers=0)
            assert store.record_count() == 0
            yield store, chain

    def test_reads_another_contract_once_the_facts_are_rebuilt(
        self, store: tuple[Store, SmallChain], tmp_path: Path
    ) -> None:
        held, chain = store
        pin = {"genesis_hash": chain.consortium.genesis_hash, "contracts": (self.OTHER, chain.consortium.contract)}
        anchor, did = repin(held, **pin, workers=0)  # type: ignore[arg-type]
        assert (did, len(anchor.contracts)) == (True, 2)
        with pytest.raises(StoreUnavailable) as refused:
            held.at()
        assert refused.value.code == "facts-stale"
        chain.next_day()
        with pytest.raises(StoreUnavailable):
            sync(held, Listed(chain.blocks), evidence=tmp_path, workers=0)
        rebuild(held, workers=0)
        assert held.record_count() == 1
        assert repin(held, **pin, workers=0)[1] is False  # type: ignore[arg-type]

    def test_of_blocks_that_others_were_added_to_meanwhile_changes_nothing(
        self, store: tuple[Store, SmallChain], tmp_path: Path
    ) -> None:
        held, chain = store
        before = held.anchor()
        chain.next_day()

        def meanwhile(height: int, target: int) -> None:
            sync(held, Listed(chain.blocks), evidence=tmp_path, workers=0)

        pin = {"genesis_hash": chain.consortium.genesis_hash, "contracts": (chain.consortium.contract,)}
        with pytest.raises(StoreUnavailable) as refused:
            repin(held, **pin, workers=0, watch=meanwhile)  # type: ignore[arg-type]
        assert refused.value.code == "store-moved"
        assert held.anchor() == before
        held.at()

    def test_whose_second_text_cannot_be_written_changes_nothing(
        self, store: tuple[Store, SmallChain], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held, chain = store
        real = state.put
        written: list[str] = []

        def fails(connection: Any, name: str, text: str) -> None:
            if written:
                raise KeyboardInterrupt
            written.append(name)
            real(connection, name, text)

        before = held.anchor()
        pin = {"genesis_hash": chain.consortium.genesis_hash, "contracts": (chain.consortium.contract,)}
        with monkeypatch.context() as patched:
            patched.setattr(state, "put", fails)
            with pytest.raises(KeyboardInterrupt):
                repin(held, **pin, workers=0)  # type: ignore[arg-type]
        assert (held.anchor(), written != []) == (before, True)
        held.at()

    def test_of_another_ledger_changes_nothing(self, store: tuple[Store, SmallChain]) -> None:
        held, _ = store
        before = held.anchor()
        with pytest.raises(ProofFailed) as refused:
            repin(held, genesis_hash=bytes(32), contracts=(self.OTHER,), workers=0)
        assert refused.value.code == "genesis-hash"
        assert held.anchor() == before
        held.at()

    def test_that_the_stored_blocks_do_not_bear_out_changes_nothing(
        self, store: tuple[Store, SmallChain], tmp_path: Path
    ) -> None:
        """A contract that is no record book: its log is refused when it is read as one."""
        held, chain = store
        target = b"\x09" * 20
        log = (target, (b"\x01" * 32, b"\x02" * 32), b"")
        selector = chain.consortium.suite.digest(b"record(string,bytes)")[:4]
        chain.consortium.call(chain.operator, target, selector, logs=(log,))
        chain.next_day()
        sync(held, Listed(chain.blocks), evidence=tmp_path, workers=0)
        before = held.anchor()
        with pytest.raises(ProofFailed) as refused:
            repin(held, genesis_hash=chain.consortium.genesis_hash, contracts=(target,), workers=0)
        assert refused.value.code == "log-split"
        assert "Nothing was changed" in refused.value.next_step
        assert held.anchor() == before
        held.at()
