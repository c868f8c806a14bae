"""Every lie is refused by the rule it breaks, and by that rule alone: the same block without the lie is accepted."""

import json

import pytest

from ledger.consortium import blocks
from ledger.consortium.lies import Bench, lies
from ledger.contracts import record_log
from ledger.errors import LedgerError
from tests.support.chains import SmallChain

LIES = lies()
# Where SM carries the key inside the signature, ECDSA recovers some key from nearly any bytes: another sender.
NOBODY = {"transaction-signature", "sender"}


def chain_to_lie_about(suite):
    """Three blocks; the last holds two records and a call whose output reads like a record of the book."""
    chain = SmallChain(suite=suite)
    consortium, operator = chain.consortium, chain.operator
    consortium.admit(operator)
    chain.next_day()
    consortium.record(operator, "member.suspended", {"v": 1, "member": "a", "reason": "甲"})
    topics, data = record_log(consortium.suite, operator.address, "member.suspended", b"{}")
    reads_like_a_record = consortium.contract.hex().encode() + b"".join(topics) + data
    consortium.call(operator, bytes(19) + b"\x05", b"\x01\x02", output=reads_like_a_record)
    consortium.call(operator, consortium.contract, b"\x01\x02", output=reads_like_a_record, status=16)
    consortium.record(operator, "member.suspended", {"v": 1, "member": "b", "reason": "乙"})
    chain.next_day(signing=4)
    return chain


@pytest.fixture(scope="module", params=["sm", "ecdsa"])
def chain(request):
    return chain_to_lie_about(request.param)


@pytest.fixture(scope="module")
def before(chain):
    return chain.trusted(2)


def test_the_block_is_accepted_without_a_lie(chain, before):
    block, _ = chain.accept(chain.blocks[3].document, before)
    assert [json.loads(event.payload)["member"] for event in block.events] == ["a", "b"]
    assert all(event.echoed for event in block.events)
    assert block.unproven_logs == 1  # the call that returned what reads like a record, shown as what it is


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_a_lie_is_refused_by_its_code(lie, chain, before):
    told = lie.tell(chain.blocks[3].document, Bench.of(chain.consortium))
    assert told != chain.blocks[3].document
    if lie.code is None:
        honest, _ = chain.accept(chain.blocks[3].document, before)
        block, _ = chain.accept(told, before)
        assert block.events == honest.events
        assert block.unproven_logs == honest.unproven_logs
        return
    with pytest.raises(LedgerError) as refused:
        chain.accept(told, before)
    if chain.suite == "ecdsa" and lie.code in NOBODY:
        assert refused.value.code in NOBODY
    else:
        assert refused.value.code == lie.code


def test_names_are_unique_and_every_lie_says_what_it_is():
    assert len({lie.name for lie in LIES}) == len(LIES)
    assert all(lie.says.endswith(".") for lie in LIES)


@pytest.mark.parametrize(
    "name", ["data-into-topic", "topic-into-data", "log-into-output", "output-into-log", "failed-output-into-log"]
)
def test_shifts_keep_every_hash(name, chain):
    """What makes them dangerous: each receipt still hashes to what it claims."""
    lie = next(each for each in LIES if each.name == name)
    _, receipts = blocks.loaded(lie.tell(chain.blocks[3].document, Bench.of(chain.consortium)))
    _, honest = blocks.loaded(chain.blocks[3].document)
    assert receipts != honest
    for answer, before in zip(receipts, honest, strict=True):
        blocks.settle_receipt(chain.consortium.suite, answer)
        assert answer["hash"] == before["hash"]


def test_a_replayed_block_is_refused(chain):
    with pytest.raises(LedgerError, match="height"):
        chain.accept(chain.blocks[2].document, chain.trusted(2))


def test_a_record_that_says_other_than_what_was_signed_is_stored_and_marked(chain, before):
    """A quorum can do it: the block is the chain's history all the same."""
    block, receipts = blocks.loaded(chain.blocks[3].document)
    suite = chain.consortium.suite
    _, data = record_log(suite, chain.operator.address, "member.suspended", b'{"v":1}')
    receipts[0]["logEntries"][0]["data"] = blocks.hexed(data)
    blocks.settle_receipt(suite, receipts[0])
    blocks.settle_header(suite, block, receipts)
    blocks.sign_header(block, dict(enumerate(chain.consortium.sealer_keys())))
    verified, _ = chain.accept(blocks.document_bytes(block, receipts), before)
    assert [event.echoed for event in verified.events] == [False, True]


def test_a_lie_needs_something_to_lie_about(chain):
    lie = next(each for each in LIES if each.name == "data-into-topic")
    with pytest.raises(ValueError, match="record"):
        lie.tell(chain.blocks[1].document, Bench.of(chain.consortium))


def test_lies_leave_json(chain):
    for lie in LIES:
        json.loads(lie.tell(chain.blocks[3].document, Bench.of(chain.consortium)))
