"""Several sources: the honest one is enough, and each of the others is named for what it did."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError, Malformed, ProofFailed, SourceUnreachable
from ledger.following import Following, State, attempt, follow
from ledger.replica import join
from ledger.store import Store
from tests.support.chains import LAST, SmallChain, chain
from tests.support.sources import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ledger.sources import RawBlock

HONEST = chain()


class Named(Listed):
    """A list with a name."""

    def __init__(self, name: str, blocks: Sequence[RawBlock]) -> None:
        super().__init__(blocks)
        self.name = name


class Silent(Named):
    """Never answers, or stops answering after some blocks."""

    def __init__(self, blocks: Sequence[RawBlock], *, after: int | None = None) -> None:
        super().__init__("silent", blocks)
        self._after = after

    def head(self) -> int:
        if self._after is None:
            raise SourceUnreachable("source-unreachable", "silent does not answer")
        return super().head()

    def blocks(self, start: int) -> Iterator[RawBlock]:
        for block in super().blocks(start):
            if self._after is not None and block.height > self._after:
                raise SourceUnreachable("source-unreachable", "silent does not answer any more")
            yield block


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "ledger.db") as opened:
        contracts = (HONEST.consortium.contract,)
        join(opened, Listed(HONEST.blocks), genesis_hash=HONEST.consortium.genesis_hash, contracts=contracts)
        yield opened


def run(store: Store, tmp_path: Path, *sources: Listed) -> Following:
    return follow(store, sources, evidence=tmp_path / "evidence", workers=0)


def states(followed: Following) -> list[str]:
    return [standing.state.value for standing in followed.standings]


def tampered(height: int) -> list[RawBlock]:
    """The honest blocks with one byte of a header changed."""
    blocks = list(HONEST.blocks)
    document = re.sub(rb'"stateRoot":"0x..', b'"stateRoot":"0xff', blocks[height].document, count=1)
    blocks[height] = replace(blocks[height], document=document)
    assert blocks[height] != HONEST.blocks[height]
    return blocks


def test_all_agree(store: Store, tmp_path: Path) -> None:
    followed = run(store, tmp_path, Named("a", HONEST.blocks), Named("b", HONEST.blocks))
    assert (followed.report.start, followed.report.height, followed.report.blocks) == (0, LAST, LAST)
    assert [(each.name, each.state, each.height) for each in followed.standings] == [
        ("a", State.AGREES, LAST),
        ("b", State.AGREES, LAST),
    ]
    again = run(store, tmp_path, Named("a", HONEST.blocks))
    assert (again.report.blocks, states(again)) == (0, ["agrees"])


def test_a_source_behind_is_no_liar_and_the_one_ahead_is_followed(store: Store, tmp_path: Path) -> None:
    followed = run(store, tmp_path, Named("short", HONEST.blocks[:3]), Named("whole", HONEST.blocks))
    assert followed.report.height == LAST
    assert [(each.state, each.head, each.height) for each in followed.standings] == [
        (State.AGREES, 2, 2),
        (State.AGREES, LAST, LAST),
    ]
    with pytest.raises(ProofFailed) as refused:
        run(store, tmp_path, Named("short", HONEST.blocks[:3]))
    assert refused.value.code == "source-behind"


@pytest.mark.parametrize("after", [None, 3])
def test_a_source_that_falls_silent_is_replaced(store: Store, tmp_path: Path, after: int | None) -> None:
    followed = run(store, tmp_path, Silent(HONEST.blocks, after=after), Named("b", HONEST.blocks))
    assert followed.report.height == LAST
    assert states(followed) == ["unreachable", "agrees"]
    assert followed.report.blocks == LAST


def test_a_source_that_lies_is_named_and_its_block_kept(store: Store, tmp_path: Path) -> None:
    followed = run(store, tmp_path, Named("liar", tampered(3)), Named("honest", HONEST.blocks))
    assert followed.report.height == LAST
    assert states(followed) == ["refused", "agrees"]
    liar = followed.standings[0]
    assert liar.dangerous
    assert liar.code == "header-hash"
    assert len(list((tmp_path / "evidence").glob("block-*.reason.json"))) == 1


def test_another_history_of_the_same_sealers_is_a_fork(store: Store, tmp_path: Path) -> None:
    other = chain("another", "history")
    assert other.consortium.genesis_hash == HONEST.consortium.genesis_hash
    followed = run(store, tmp_path, Named("a", HONEST.blocks), Named("b", other.blocks))
    assert states(followed) == ["agrees", "forked"]
    fork = followed.standings[1]
    assert (fork.code, fork.height) == ("chain-forked", LAST)
    kept = list((tmp_path / "evidence").glob("block-*.json"))
    assert len(kept) == 2


def test_another_block_that_does_not_verify_is_only_a_difference(store: Store, tmp_path: Path) -> None:
    other = chain("another", "history")
    blocks = [*HONEST.blocks[:LAST], replace(other.blocks[LAST], document=_unsigned(other))]
    followed = run(store, tmp_path, Named("a", HONEST.blocks), Named("b", blocks))
    assert states(followed) == ["agrees", "differs"]


def _unsigned(other: SmallChain) -> bytes:
    import json

    document = json.loads(other.blocks[LAST].document)
    document["block"]["signatureList"] = document["block"]["signatureList"][:1]
    return json.dumps(document).encode()


def test_when_nobody_can_be_followed_the_first_reason_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises((Malformed, ProofFailed)):
        run(store, tmp_path, Named("liar", tampered(1)), Silent(HONEST.blocks))
    with pytest.raises(SourceUnreachable):
        run(store, tmp_path, Silent(HONEST.blocks), Silent(HONEST.blocks))
    with pytest.raises(LedgerError) as refused:
        run(store, tmp_path)
    assert refused.value.code == "no-source"


def test_it_stops_after_the_block_at_hand(store: Store, tmp_path: Path) -> None:
    sources = [Named("a", HONEST.blocks)]
    asked = iter([False, True, True, True])
    followed = follow(store, sources, evidence=tmp_path, workers=0, stop=lambda: next(asked))
    assert followed.report.height == 2
    assert run(store, tmp_path, *sources).report.height == LAST


def test_whose_turn_is_over_leaves_the_rest_to_the_next(store: Store, tmp_path: Path) -> None:
    sources = [Named("slow", HONEST.blocks), Named("next", HONEST.blocks)]
    over = iter([lambda: True, lambda: False])
    seen: list[int] = []
    followed = attempt(
        store,
        sources,
        evidence=tmp_path,
        workers=0,
        turn=lambda: next(over),
        watch=lambda progress: seen.append(progress.height),
    )
    assert seen == list(range(1, LAST + 1)), "the second goes on where the first was"
    assert (followed.report.blocks, followed.failure, states(followed)) == (LAST, None, ["agrees", "agrees"])


def test_an_attempt_tells_what_a_run_raises(store: Store, tmp_path: Path) -> None:
    followed = attempt(
        store, [Silent(HONEST.blocks), Named("liar", tampered(1))], evidence=tmp_path / "evidence", workers=0
    )
    assert isinstance(followed.failure, SourceUnreachable)
    assert states(followed) == ["unreachable", "refused"]


def test_one_that_was_stopped_says_nothing_of_sources_it_did_not_ask(store: Store, tmp_path: Path) -> None:
    sources = [Named("a", HONEST.blocks), Named("b", HONEST.blocks)]
    followed = attempt(store, sources, evidence=tmp_path, workers=0, stop=lambda: True)
    assert (followed.report.height, followed.standings) == (1, ())


class Confused(Named):
    """Gives the block before the one it is asked for, once its own head is asked."""

    def blocks(self, start: int) -> Iterator[RawBlock]:
        yield from (self._blocks[LAST - 1 :] if start == LAST else super().blocks(start))


def test_another_height_than_asked_for_is_no_fork(store: Store, tmp_path: Path) -> None:
    followed = run(store, tmp_path, Named("a", HONEST.blocks), Confused("b", HONEST.blocks))
    assert states(followed) == ["agrees", "refused"]
    assert followed.standings[1].code == "height"
