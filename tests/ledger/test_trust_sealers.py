"""A changed list of sealers is believed only where accepted votes explain it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.anchor import same_sealers
from ledger.chains.shape import Sealer
from ledger.errors import SealerChangeUnexplained
from tests.support.blocks import CONSENSUS, OTHER, Entry, unhexed
from tests.support.joining import FORGE, code, join, stranger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.suites import SigningKey


class TestSealers:
    """The previous header does not commit to the next sealers; only decoded, accepted votes explain a change."""

    NEW = stranger(0)

    def after(self, *votes: Entry, sealers: Sequence[tuple[SigningKey, int]] | None = None, **more: Any) -> bytes | str:
        """Close block 1 over the votes, then let block 2 list these sealers: its code, or the document it joined by."""
        listed = [(key, 1) for key in FORGE.sealers] if sealers is None else sealers
        block, trusted = join(FORGE.document(votes))
        document = FORGE.document(number=2, parent=block.hash, sealers=listed, signing=range(len(listed)), **more)
        try:
            return join(document, trusted)[0].document
        except SealerChangeUnexplained as refused:
            return refused.code

    def with_new(self, weight: int = 1) -> list[tuple[SigningKey, int]]:
        return [*((key, 1) for key in FORGE.sealers), (self.NEW, weight)]

    def test_may_stand_in_another_order_only_after_the_genesis(self) -> None:
        swapped = [(key, 1) for key in FORGE.sealers[::-1]]
        document = FORGE.document(sealers=swapped)
        block, trusted = join(document)
        assert code(FORGE.document(number=2, parent=block.hash), trusted) == "sealers"
        again = FORGE.document(number=2, parent=block.hash, sealers=swapped)
        assert join(again, trusted)[0].height == 2

    @pytest.mark.parametrize("change", ["added", "removed", "replaced", "weight", "all"])
    def test_may_not_change_without_a_vote(self, change: str) -> None:
        same = [(key, 1) for key in FORGE.sealers]
        listed = {
            "added": self.with_new(),
            "removed": same[:3],
            "replaced": [*same[:3], (self.NEW, 1)],
            "weight": [(same[0][0], 2), *same[1:]],
            "all": [(stranger(at), 1) for at in range(4)],
        }[change]
        assert code(FORGE.document(sealers=listed, signing=range(len(listed)))) == "sealers"
        assert self.after(sealers=listed) == "sealers"

    def test_added_by_a_vote(self) -> None:
        vote = FORGE.vote("addSealer(string,uint256)", self.NEW.public_key.hex(), 1)
        assert isinstance(self.after(vote, sealers=self.with_new()), bytes)
        assert self.after(vote, sealers=self.with_new(2)) == "sealers"
        assert self.after(vote, sealers=[*self.with_new()[:4], (stranger(1), 1)]) == "sealers"
        assert isinstance(self.after(vote, sealers=self.with_new()[::-1]), bytes)

    def test_removed_by_a_vote(self) -> None:
        gone = FORGE.sealers[2].public_key.hex()
        rest = [(key, 1) for at, key in enumerate(FORGE.sealers) if at != 2]
        for signature in ("remove(string)", "addObserver(string)"):
            assert isinstance(self.after(FORGE.vote(signature, gone), sealers=rest), bytes)
            assert self.after(FORGE.vote(signature, gone), sealers=rest[:2]) == "sealers"

    def test_given_another_weight_by_a_vote(self) -> None:
        first, *others = [(key, 1) for key in FORGE.sealers]
        vote = FORGE.vote("setWeight(string,uint256)", first[0].public_key.hex(), 5)
        assert isinstance(self.after(vote, sealers=[(first[0], 5), *others]), bytes)
        assert self.after(vote, sealers=[(first[0], 4), *others]) == "sealers"

    def test_changed_by_several_votes_in_their_order(self) -> None:
        key = self.NEW.public_key.hex()
        votes = [
            FORGE.vote("addSealer(string,uint256)", key, 1),
            FORGE.vote("setWeight(string,uint256)", key, 3),
            FORGE.vote("remove(string)", FORGE.sealers[0].public_key.hex()),
        ]
        assert isinstance(self.after(*votes, sealers=self.with_new(3)[1:]), bytes)
        assert self.after(*votes[::-1], sealers=self.with_new(3)[1:]) == "sealers"

    @pytest.mark.parametrize(
        "result",
        [{"output": b"\xff" * 32}, {"output": (1).to_bytes(32)}, {"status": 15}, {"status": 15, "output": b""}],
        ids=["negative code", "positive code", "failed", "failed silently"],
    )
    def test_a_refused_vote_changes_nothing(self, result: dict[str, Any]) -> None:
        vote = FORGE.vote("addSealer(string,uint256)", self.NEW.public_key.hex(), 1, **result)
        assert self.after(vote, sealers=self.with_new()) == "sealers"
        assert isinstance(self.after(vote), bytes)

    @pytest.mark.parametrize(
        "vote",
        [
            FORGE.vote("addSealer(string,uint256)", "zz" * 64, 1),
            FORGE.vote("addSealer(string,uint256)", "ab" * 63, 1),
            FORGE.vote("addSealer(string,uint256)", "", 1),
            FORGE.vote("addSealers(string,uint256)", stranger(0).public_key.hex(), 1),
            FORGE.call(to=OTHER, call=unhexed(FORGE.vote("addSealer(string,uint256)", "ab" * 64, 1).body["input"])),
            FORGE.call(to=CONSENSUS, call=b"", output=bytes(32)),
            FORGE.call(to=CONSENSUS, call=FORGE.selector("addSealer(string,uint256)") + b"junk", output=bytes(32)),
        ],
    )
    def test_what_is_no_vote_changes_nothing(self, vote: Entry) -> None:
        assert self.after(vote, sealers=self.with_new()) == "sealers"
        assert isinstance(self.after(vote), bytes)

    def test_a_vote_takes_effect_in_the_next_block_and_cannot_be_passed_over(self) -> None:
        """Sealers who were voted out must not go on; so FISCO BCOS itself changes the set with the next block."""
        block, trusted = join(FORGE.document([FORGE.vote("addSealer(string,uint256)", self.NEW.public_key.hex(), 1)]))
        assert code(FORGE.document(number=2, parent=block.hash), trusted) == "sealers"
        second, trusted = join(
            FORGE.document(number=2, parent=block.hash, sealers=self.with_new(), signing=range(4)), trusted
        )
        assert trusted.successors is None
        late = FORGE.document(number=3, parent=second.hash)
        assert code(late, trusted) == "sealers"

    def test_a_vote_that_changes_nothing_leaves_the_sealers_as_they_are(self) -> None:
        vote = FORGE.vote("remove(string)", self.NEW.public_key.hex())
        block, trusted = join(FORGE.document([vote]))
        assert trusted.successors is not None
        _, after = join(FORGE.document(number=2, parent=block.hash), trusted)
        assert (after.successors, after.epochs) == (None, ())

    def test_the_new_sealers_decide_from_then_on(self) -> None:
        block, trusted = join(FORGE.document([FORGE.vote("addSealer(string,uint256)", self.NEW.public_key.hex(), 9)]))
        listed = self.with_new(9)
        second = FORGE.document(number=2, parent=block.hash, sealers=listed, signing=(0, 1, 2, 3))
        assert code(second, trusted) == "quorum"
        alone = FORGE.document(number=2, parent=block.hash, sealers=listed, signing=(4,))
        _, after = join(alone, trusted)
        assert same_sealers(after.sealers, tuple(Sealer(key=key.public_key, weight=weight) for key, weight in listed))
        assert after.epochs == (1,)
