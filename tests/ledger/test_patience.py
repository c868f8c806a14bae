"""A source that stays silent is given up in time; one that is well is not changed by being read ahead."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from ledger.errors import Malformed, SourceUnreachable
from ledger.patience import AHEAD, Patient
from ledger.sources import RawBlock
from tests.support.sources import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCKS = [RawBlock(height=height, document=b"%d" % height) for height in range(3 * AHEAD)]


class Hanging(Listed):
    """Gives some blocks, and then nothing until it is closed."""

    def __init__(self, after: int) -> None:
        super().__init__(BLOCKS)
        self.after, self.closed, self.given = after, threading.Event(), 0

    def head(self) -> int:
        if not self.after:
            self.closed.wait()
            raise SourceUnreachable("source-closed", "closed")
        return super().head()

    def blocks(self, start: int) -> Iterator[RawBlock]:
        for block in super().blocks(start):
            if block.height == self.after:
                self.closed.wait()
                raise SourceUnreachable("source-closed", "closed")
            self.given += 1
            yield block

    def close(self) -> None:
        self.closed.set()


def reading() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("reading")]


def test_what_it_gives_is_given_on_in_order() -> None:
    source = Patient(Listed(BLOCKS), seconds=5)
    assert source.head() == len(BLOCKS) - 1
    assert list(source.blocks(7)) == BLOCKS[7:]
    source.close()
    assert not reading()


def test_silence_is_an_error_after_all_that_came_before() -> None:
    source, got = Patient(Hanging(after=4), seconds=0.3), []
    with pytest.raises(SourceUnreachable) as given_up:
        got.extend(block.height for block in source.blocks(1))
    assert given_up.value.code == "source-slow"
    source.close()
    assert not reading(), "closing it ends the thread that waits"
    with pytest.raises(SourceUnreachable) as given_up:
        Patient(silent := Hanging(after=0), seconds=0.1).head()
    assert given_up.value.code == "source-slow"
    silent.close()


def test_blocks_before_the_silence_are_not_lost() -> None:
    source = Patient(Hanging(after=4), seconds=0.3)
    stream = source.blocks(1)
    assert [next(stream).height for _ in range(3)] == [1, 2, 3]
    with pytest.raises(SourceUnreachable):
        next(stream)
    source.close()


def test_it_reads_ahead_and_no_further_than_there_is_room() -> None:
    source = Hanging(after=len(BLOCKS))
    patient = Patient(source, seconds=5)
    stream = patient.blocks(0)
    next(stream)
    deadline = time.monotonic() + 5
    while source.given < AHEAD and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)
    assert AHEAD <= source.given <= AHEAD + 2
    stream.close()
    patient.close()
    assert not reading()


def test_who_is_told_to_stop_waits_no_longer() -> None:
    said = threading.Event()
    source = Patient(Hanging(after=2), seconds=60, stop=said.is_set)
    stream = source.blocks(0)
    assert [next(stream).height, next(stream).height] == [0, 1]
    threading.Timer(0.1, said.set).start()
    began = time.monotonic()
    assert list(stream) == []
    with pytest.raises(SourceUnreachable) as ended:
        source.head()
    assert ended.value.code == "source-closed"
    assert time.monotonic() - began < 5
    source.close()


def test_its_errors_are_the_source_s_own() -> None:
    class Broken(Listed):
        def head(self) -> int:
            raise Malformed("archive-line", "no block")

        def blocks(self, start: int) -> Iterator[RawBlock]:
            yield BLOCKS[start]
            raise ZeroDivisionError("a defect")

    source = Patient(Broken(BLOCKS), seconds=5)
    with pytest.raises(Malformed):
        source.head()
    stream = source.blocks(0)
    assert next(stream).height == 0
    with pytest.raises(ZeroDivisionError):
        next(stream)
    source.close()
