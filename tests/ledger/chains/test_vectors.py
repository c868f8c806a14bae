"""The kept vectors: each is refused by the code it names, and the script beside them still writes the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.admission import accept, examine, genesis
from ledger.anchor import anchor_from
from ledger.errors import LedgerError
from tests.vectors.ledger.regenerate import FOLDER, vectors

FILES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_vector_is_refused_by_its_code(file: Path) -> None:
    vector = json.loads(file.read_text(encoding="utf-8"))
    first, document = (json.dumps(part).encode() for part in ({"block": vector["genesis"]}, vector["document"]))
    contract = bytes.fromhex(vector["contract"][2:])
    anchor = anchor_from(first, pinned=bytes.fromhex(vector["genesis"]["hash"][2:]), contracts=(contract,))
    _, trusted = genesis(first, anchor)
    found = examine(document, anchor, anchor.registry())
    if vector["code"] is None:
        block, _ = accept(found, document, trusted)
        assert len(block.events) == 1
        return
    with pytest.raises(LedgerError) as refused:
        accept(found, document, trusted)
    assert refused.value.code == vector["code"]


def test_the_script_writes_the_same_bytes() -> None:
    assert vectors() == {file.name: file.read_text(encoding="utf-8") for file in FILES}
