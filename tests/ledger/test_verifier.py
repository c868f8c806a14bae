"""Blocks through worker processes: in order, as if examined here, with bounded memory and an idle committer helping."""

from __future__ import annotations

import gc
import os
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import pytest

from ledger import verifier
from ledger.errors import Malformed, SourceUnreachable
from ledger.sources import RawBlock
from ledger.verifier import examined, rarely_collecting
from tests.support.chains import SmallChain

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAIN = SmallChain()
for _ in range(39):
    CHAIN.consortium.record(CHAIN.operator, "coffee.spilled", {"v": 1})
    CHAIN.next_day()
BLOCKS = CHAIN.blocks[1:]


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers from the second block on, several blocks a task."""
    monkeypatch.setattr(verifier, "ALONE_BYTES", 0)
    monkeypatch.setattr(verifier, "TASK_BYTES", 3 * len(BLOCKS[0].document))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_the_order_and_the_verdicts_are_those_of_one_process(workers: int, small_steps: None) -> None:
    broken = RawBlock(height=20, document=BLOCKS[19].document.replace(b'"status":0', b'"status":1', 1))
    blocks = [*BLOCKS[:19], broken, *BLOCKS[20:]]
    spent: list[float] = []

    def run(workers: int) -> list[Any]:
        return list(examined(iter(blocks), CHAIN.anchor, engine="auto", workers=workers, spent=spent.append))

    here, there = run(0), run(workers)
    assert [raw.height for raw, _ in there] == [raw.height for raw in blocks]
    assert [repr(judged) for _, judged in there] == [repr(judged) for _, judged in here]
    assert [raw.height for raw, judged in there if judged.failure] == [20]
    assert min(spent) > 0


@pytest.mark.slow
def test_an_error_of_the_source_comes_after_all_blocks_before_it(small_steps: None) -> None:
    def breaking() -> Iterator[RawBlock]:
        yield from BLOCKS[:17]
        raise SourceUnreachable("gone", "gone")

    stream = examined(breaking(), CHAIN.anchor, engine="auto", workers=1)
    heights = [next(stream)[0].height for _ in range(17)]
    with pytest.raises(SourceUnreachable):
        next(stream)
    assert heights == [raw.height for raw in BLOCKS[:17]]


class Workers:
    """Stands for a pool whose workers do a task only when told to; counts what was handed to them."""

    def __init__(self) -> None:
        self.tasks: list[tuple[list[bytes], Future[Any]]] = []

    def __call__(self, documents: list[bytes]) -> Future[Any]:
        future: Future[Any] = Future()
        self.tasks.append((documents, future))
        return future


class Here:
    """Stands for the examination; remembers what was examined in this process."""

    def __init__(self) -> None:
        self.documents: list[bytes] = []

    def __call__(self, documents: list[bytes]) -> Any:
        self.documents += documents
        return verifier._Judged(list(documents), 0.0)  # type: ignore[arg-type]


def numbered(count: int, size: int = 100) -> list[RawBlock]:
    return [RawBlock(height=at, document=b"%0*d" % (size, at)) for at in range(count)]


def test_who_would_only_wait_examines_the_last_that_no_worker_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "TASK_BYTES", 1)
    pool, blocks = Workers(), numbered(12)

    def finish_first() -> None:
        documents, future = pool.tasks[0]
        future.set_result(verifier._Judged(list(documents), 0.0))  # type: ignore[arg-type]

    class Finishing(Here):
        def __call__(self, documents: list[bytes]) -> Any:
            if len(self.documents) == 4:
                finish_first()
            return super().__call__(documents)

    helper = Finishing()
    stream = verifier._Pipeline(pool, helper, 1, lambda _: None).run(iter(blocks))  # type: ignore[arg-type]
    assert next(stream)[0].height == 0
    assert helper.documents == [block.document for block in reversed(blocks[-5:])], "until the first was done"
    sent = blocks[: verifier.TASKS_SENT_PER_WORKER + 1]  # one more, since there was room again
    assert [documents for documents, _ in pool.tasks] == [[block.document] for block in sent]


@pytest.mark.parametrize("size", [10, 100_000])
def test_memory_is_bounded_by_bytes_and_by_tasks(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "BYTES_AHEAD", 1_000_000)
    monkeypatch.setattr(verifier, "TASK_BYTES", 50)
    given = 0

    def source() -> Iterator[RawBlock]:
        nonlocal given
        for block in numbered(200, size):
            given += 1
            yield block

    class Stuck(Here):
        def __call__(self, documents: list[bytes]) -> Any:
            raise RuntimeError("nothing is examined here in this test, and no worker ever ends")

    stream = verifier._Pipeline(Workers(), Stuck(), 1, lambda _: None).run(source())  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        next(stream)
    tasks = verifier.TASKS_AHEAD_PER_WORKER + 1
    assert given <= min(1_000_000 // size, -(-50 // size) * tasks) + 2


def test_garbage_is_collected_as_before_afterwards() -> None:
    before = gc.get_threshold()

    def failing() -> None:
        with rarely_collecting():
            assert gc.get_threshold()[0] == verifier.COLLECTED_AFTER
            raise Malformed("a-code", "wrong")

    with pytest.raises(Malformed):
        failing()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_small_ledgers_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(verifier, "_pool", refuse)
    few = BLOCKS[:5]
    assert sum(len(block.document) for block in few) < verifier.ALONE_BYTES
    assert len(list(examined(iter(few), CHAIN.anchor, engine="auto", workers=os.cpu_count() or 1))) == 5
