"""What the local consortium writes is what the verifier accepts, to the byte, and again for the same seed."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ledger import admission
from ledger.anchor import anchor_from
from ledger.chains import fisco3
from ledger.consortium import Consortium, blocks
from ledger.consortium.chain import MAX_TRANSACTIONS
from ledger.errors import ProofFailed, SealerChangeUnexplained
from tests.support.chains import START, SmallChain
from tests.support.surroundings import oracle

PAYLOAD = {"v": 1, "member": "m", "reason": "逾期"}


@pytest.fixture(params=["sm", "ecdsa"])
def chain(request):
    return SmallChain(suite=request.param)


def test_every_block_joins_the_trusted_state(chain):
    for turn in range(5):
        chain.consortium.record(chain.operator, "member.suspended", PAYLOAD | {"member": f"m{turn}"})
        chain.next_day()
    state = chain.trusted(6)
    assert (state.height, state.hash) == (chain.consortium.height, chain.consortium.head)


def test_the_deployment_names_the_record_book(chain):
    _, receipts = blocks.loaded(chain.blocks[1].document)
    assert [answer["contractAddress"] for answer in receipts] == [blocks.hexed(chain.consortium.contract)]


def test_a_record_comes_back_as_it_was_sent(chain):
    sent = chain.consortium.record(chain.operator, "member.suspended", PAYLOAD)
    verified, _ = chain.accept(chain.next_day(), chain.trusted(1))
    (event,) = verified.events
    assert (event.kind, json.loads(event.payload)) == ("member.suspended", PAYLOAD)
    assert event.transaction_hash == sent.hash
    assert event.signer == event.sender == chain.operator.address
    assert event.echoed
    assert sent.output(2) == f"0x{sent.hash.hex()}:2"


@pytest.mark.parametrize("suite", ["sm", "ecdsa"])
def test_the_same_seed_gives_the_same_bytes(suite):
    def life(seed):
        chain = SmallChain(suite=suite, seed=seed)
        chain.consortium.admit(chain.operator)
        chain.next_day()
        return [block.document for block in chain.blocks]

    assert life(3) == life(3)
    assert all(one != other for one, other in zip(life(3), life(4), strict=True))


def test_a_block_holds_at_most_a_thousand_transactions():
    chain = SmallChain(suite="ecdsa")
    for at in range(MAX_TRANSACTIONS + 1):
        chain.consortium.send(chain.operator, "x", b"%d" % at)
    first, second = chain.consortium.seal(START), chain.consortium.seal(START)
    assert (first.transactions, second.transactions) == (MAX_TRANSACTIONS, 1)
    assert chain.trusted(3).height == 3


def test_a_block_without_transactions_is_a_block(chain):
    verified, _ = chain.accept(chain.next_day(), chain.trusted(1))
    assert (verified.transactions, verified.events) == (0, ())


@pytest.mark.parametrize(
    ("signing", "code"), [(0, "signatures-missing"), (1, "quorum"), (2, "quorum"), (3, None), (4, None)]
)
def test_as_many_sealers_sign_as_asked(chain, signing, code):
    before, document = chain.trusted(1), chain.next_day(signing=signing)
    if code is None:
        chain.accept(document, before)
    else:
        with pytest.raises(ProofFailed) as refused:
            chain.accept(document, before)
        assert refused.value.code == code


def test_an_honest_change_of_sealers_is_followed(chain):
    consortium = chain.consortium
    old = consortium.sealers[0]
    for change, sealers, total in (
        (lambda: consortium.add_sealer("fifth", 3), 5, 7),
        (lambda: consortium.set_weight(old.key, 2), 5, 8),
        (lambda: consortium.remove_sealer(old.key), 4, 6),
    ):
        change()
        chain.next_day()
        chain.next_day()
        state = chain.trusted(consortium.height)
        assert (len(state.sealers), sum(each.weight for each in state.sealers)) == (sealers, total)


def test_a_change_that_its_block_does_not_explain_is_refused(chain):
    chain.consortium.add_sealer("fifth")
    chain.next_day()
    after = chain.next_day()
    with pytest.raises(SealerChangeUnexplained):
        chain.accept(after, chain.trusted(2).__class__(**{**_fields(chain.trusted(2)), "successors": None}))


def _fields(state):
    return {name: getattr(state, name) for name in state.__dataclass_fields__}


def test_the_genesis_says_what_a_node_says():
    """The real genesis of a 3.x chain and ours have the same sections, keys and fields."""
    real = json.loads(oracle("ledger/fisco3/sm_block_0.json").read_bytes())["result"]
    ours, _ = blocks.loaded(SmallChain().blocks[0].document)

    def keys(block):
        lines = bytes.fromhex(block["extraData"][2:]).decode().splitlines()
        return [line.partition(":")[0] for line in lines]

    assert ours.keys() == real.keys()
    assert keys(ours) == keys(real)
    assert fisco3.genesis(fisco3.parse_header(ours)).suite == "sm"


def test_fields_are_those_of_a_node():
    real = {
        name: json.loads(oracle(f"ledger/fisco3/{name}.json").read_bytes())["result"]
        for name in ("ecdsa_block_72", "ecdsa_block_72_tx", "ecdsa_block_72_receipt")
    }
    chain = SmallChain(suite="ecdsa")
    chain.consortium.admit(chain.operator)
    block, receipts = blocks.loaded(chain.next_day())
    assert block.keys() == real["ecdsa_block_72"].keys()
    assert real["ecdsa_block_72_tx"].keys() <= block["transactions"][0].keys()
    assert real["ecdsa_block_72_receipt"].keys() - {"transactionProof"} <= receipts[0].keys()


def test_time_does_not_run_back():
    chain = SmallChain()
    with pytest.raises(ValueError, match="older"):
        chain.consortium.seal(START - timedelta(seconds=1))
    with pytest.raises(ValueError, match="zone"):
        chain.consortium.seal(datetime(2024, 1, 5))  # noqa: DTZ001


def test_a_member_is_enrolled_once():
    chain = SmallChain()
    with pytest.raises(ValueError, match="already"):
        chain.consortium.enrol("operator", "again", ())


@pytest.mark.parametrize("payload", [{"v": 1, "amount": 1.5}, {"v": 1, "list": [{"rate": 0.1}]}, {"v": 1, 2: "x"}])
def test_a_payload_holds_no_floats_and_no_odd_keys(payload):
    chain = SmallChain()
    with pytest.raises(TypeError):
        chain.consortium.record(chain.operator, "x", payload)


def test_a_fork_by_other_keys_is_not_the_pinned_chain():
    ours, theirs = SmallChain(seed=1), SmallChain(seed=2)
    with pytest.raises(ProofFailed) as refused:
        anchor_from(theirs.blocks[0].document, pinned=ours.consortium.genesis_hash, contracts=())
    assert refused.value.code == "genesis-hash"
    _, state = admission.genesis(ours.blocks[0].document, ours.anchor)
    with pytest.raises(ProofFailed) as refused:
        ours.accept(theirs.blocks[1].document, state)
    assert refused.value.code == "parent-link"


def test_the_sink_may_be_exchanged():
    first, second = [], []
    consortium = Consortium(first, seed=1, start=datetime(2024, 1, 1, tzinfo=UTC))
    consortium.sink = second
    consortium.seal(datetime(2024, 1, 2, tzinfo=UTC))
    assert [block.height for block in first + second] == [0, 1, 2]
