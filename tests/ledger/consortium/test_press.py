"""Blocks printed ahead are the blocks that would have been sealed at once, and a dead worker is told."""

import os
import signal
from datetime import UTC, datetime, timedelta

import pytest

from ledger.consortium import Consortium
from ledger.consortium.press import Press
from ledger.errors import LedgerError

START = datetime(2026, 1, 5, 2, tzinfo=UTC)


def chain(ahead, *, workers=0):
    sink = []
    made = Consortium(sink, seed=5, start=START, suite="ecdsa")
    with Press("ecdsa", 5, workers=workers) as press:
        made.press = press
        for at in range(6):
            member = made.enrol(f"member-{at}", "成员", ("supplier",))
            made.admit(member)
            made.record(member, "stock.reported", {"v": 1, "at": str(at)})
            seal = made.seal_ahead if ahead else made.seal
            seal(START + timedelta(minutes=at))
        made.finish()
    return sink


def test_what_is_printed_ahead_is_what_is_sealed_at_once():
    assert [block.document for block in chain(True)] == [block.document for block in chain(False)]


@pytest.mark.slow
def test_worker_processes_print_the_same():
    assert chain(True, workers=2) == chain(True)


def test_blocks_reach_the_sink_in_their_order():
    assert [block.height for block in chain(True)] == list(range(8))


def test_a_block_sealed_at_once_comes_after_those_printed_ahead():
    sink = []
    made = Consortium(sink, seed=5, start=START, suite="ecdsa")
    made.press = Press("ecdsa", 5, workers=0)
    made.admit(made.enrol("one", "成员", ("supplier",)))
    made.seal_ahead(START)
    made.admit(made.enrol("two", "成员", ("supplier",)))
    sealed = made.seal(START)
    assert sealed.height == 3
    assert [block.height for block in sink] == [0, 1, 2, 3]


def test_there_is_no_printing_without_a_press():
    made = Consortium([], seed=5, start=START, suite="ecdsa")
    with pytest.raises(RuntimeError, match="no press"):
        made.seal_ahead(START)


def seal_on(made):
    for _ in range(100):
        made.seal_ahead(START)
        made.finish()


@pytest.mark.slow
def test_a_worker_that_died_is_told_with_what_to_do():
    made = Consortium([], seed=5, start=START, suite="ecdsa")
    with Press("ecdsa", 5, workers=1) as press:
        made.press = press
        made.admit(made.enrol("one", "成员", ("supplier",)))
        made.seal_ahead(START)
        made.finish()
        os.kill(next(iter(press._pool._processes)), signal.SIGKILL)
        with pytest.raises(LedgerError) as caught:
            seal_on(made)
    assert caught.value.code == "press-died"
    assert caught.value.next_step
