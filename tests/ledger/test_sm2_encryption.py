"""SM2 encryption against the other library, both engines against each other, and every changed byte refused."""

import random

import pytest
from gmssl import sm2

from ledger.errors import Malformed, ProofFailed
from ledger.sm2_encryption import OVERHEAD, decrypt, encrypt
from ledger.sm_backends import N, backend, tongsuo_available
from ledger.suites import SM2Key

SECRET = random.Random(3).randrange(1, N - 1)
ENGINES = ["gmssl", *(["tongsuo"] if tongsuo_available() else [])]


def key(engine: str) -> SM2Key:
    return SM2Key(secret=SECRET, engine=backend(engine))


def other() -> sm2.CryptSM2:
    crypt = sm2.CryptSM2(private_key=f"{SECRET:064x}", public_key="", mode=1)
    crypt.public_key = key("gmssl").public_key.hex()
    return crypt


@pytest.mark.parametrize("engine", ENGINES)
def test_the_other_library_reads_what_is_written_and_writes_what_is_read(engine: str) -> None:
    mine = key(engine)
    for seed, message in enumerate((b"\x01", b"0123456789abcdef", "应收账款".encode() * 30)):
        scalar = random.Random(seed).randrange(1, N)
        sealed = encrypt(mine.public_key, message, scalar=scalar, engine=mine.engine)
        assert len(sealed) == len(message) + OVERHEAD
        assert other().decrypt(sealed[1:]) == message
        assert decrypt(mine, sealed) == message
        assert decrypt(mine, b"\x04" + other().encrypt(message)) == message


@pytest.mark.parametrize("engine", ENGINES[-1:])
def test_no_changed_byte_opens(engine: str) -> None:
    mine = key(engine)
    sealed = encrypt(mine.public_key, b"0123456789abcdef", scalar=77, engine=mine.engine)
    for at in range(len(sealed)):
        with pytest.raises(ProofFailed) as refused:
            decrypt(mine, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
        assert refused.value.code == "envelope-key"
    for cut in (b"", sealed[:OVERHEAD], sealed[1:]):
        with pytest.raises(ProofFailed):
            decrypt(mine, cut)
    stranger = SM2Key(secret=SECRET - 1, engine=mine.engine)
    with pytest.raises(ProofFailed):
        decrypt(stranger, sealed)


def test_nothing_is_sealed_for_what_is_no_key() -> None:
    with pytest.raises(Malformed) as refused:
        encrypt(bytes(64), b"x", scalar=5, engine=backend("gmssl"))
    assert refused.value.code == "reader-key"
