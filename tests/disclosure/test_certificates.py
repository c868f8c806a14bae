"""Certificates and signing keys: what we make, stock OpenSSL reads; what does not hold, is refused with its reason."""

from __future__ import annotations

import random
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import x509
from hypothesis import given
from hypothesis import strategies as st

from disclosure.certificates import authority, follow, leaf, parse, raw_signature, read_pem, to_pem
from disclosure.errors import CertificateInvalid, KeyUnusable, Unwritable
from disclosure.signing import FileSigner, make_local_authority, read_key, write_key
from ledger.sm_backends import der_signature
from ledger.suites import SM, SM2Key

AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
CA_KEY, LEAF_KEY, OTHER_KEY = (SM2Key(secret=secret) for secret in (1001, 2002, 3003))
CA = authority(CA_KEY, name="试验根", serial=7, not_before=AT, not_after=AT + 10 * YEAR)
LEAF = leaf(CA, CA_KEY, LEAF_KEY.public_key, name="签署人", serial=8, not_before=AT, not_after=AT + YEAR)
LATER = AT + timedelta(days=30)

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def seeded(seed: int = 1) -> object:
    return random.Random(seed).randbytes


def openssl(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_a_certificate_reads_back_as_it_was_made() -> None:
    again = parse(LEAF.der)
    assert (again.serial, again.not_before, again.not_after) == (8, AT, AT + YEAR)
    assert again.public_key == LEAF_KEY.public_key
    assert again.issuer_der == CA.subject_der
    assert not again.is_authority
    assert again.key_usage == {"digital_signature", "non_repudiation"}
    assert read_pem(to_pem(LEAF, CA)) == (LEAF, CA)


def test_certificates_are_the_same_bytes_each_time() -> None:
    assert leaf(CA, CA_KEY, LEAF_KEY.public_key, name="签署人", serial=8, not_before=AT, not_after=AT + YEAR) == LEAF


def test_the_path_leads_to_the_trusted_authority() -> None:
    assert follow([LEAF, CA], trusted=[CA], signed_at=LATER) == (LEAF, CA)
    assert follow([LEAF], trusted=[CA], signed_at=LATER) == (LEAF, CA)


def test_another_authority_of_the_same_name_is_not_trusted() -> None:
    namesake = authority(OTHER_KEY, name="试验根", serial=7, not_before=AT, not_after=AT + 10 * YEAR)
    with pytest.raises(CertificateInvalid) as refusal:
        follow([LEAF, CA], trusted=[namesake], signed_at=LATER)
    assert refusal.value.code == "untrusted-issuer"


@pytest.mark.parametrize("signed_at", [AT - timedelta(seconds=1), AT + YEAR + timedelta(seconds=1)])
def test_a_signature_outside_the_validity_is_refused(signed_at: datetime) -> None:
    with pytest.raises(CertificateInvalid) as refusal:
        follow([LEAF], trusted=[CA], signed_at=signed_at)
    assert refusal.value.code == "not-valid-then"


def test_a_leaf_may_not_issue() -> None:
    below = leaf(LEAF, LEAF_KEY, OTHER_KEY.public_key, name="下级", serial=9, not_before=AT, not_after=AT + YEAR)
    for trusted, chain in ([CA], [below, LEAF]), ([LEAF], [below]):
        with pytest.raises(CertificateInvalid) as refusal:
            follow(chain, trusted=trusted, signed_at=LATER)
        assert refusal.value.code == "not-an-authority"


def test_an_authority_may_not_sign_documents() -> None:
    with pytest.raises(CertificateInvalid) as refusal:
        follow([CA], trusted=[CA], signed_at=LATER)
    assert refusal.value.code == "key-usage"


def test_the_path_length_counts() -> None:
    between = authority(OTHER_KEY, name="中间", serial=4, not_before=AT, not_after=AT + YEAR)
    tbs = x509.Certificate.load(between.der)["tbs_certificate"]
    tbs["issuer"] = x509.Name.load(CA.subject_der)
    document = x509.Certificate.load(between.der)
    document["tbs_certificate"] = tbs
    document["signature_value"] = der_signature(CA_KEY.sign(tbs.dump(force=True)))
    between = parse(document.dump(force=True))
    end = leaf(between, OTHER_KEY, LEAF_KEY.public_key, name="末端", serial=5, not_before=AT, not_after=AT + YEAR)
    with pytest.raises(CertificateInvalid) as refusal:
        follow([end, between], trusted=[CA], signed_at=LATER)
    assert refusal.value.code == "path-length"


def test_every_changed_byte_of_a_certificate_is_caught() -> None:
    for position in range(len(LEAF.der)):
        altered = bytearray(LEAF.der)
        altered[position] ^= 0x01
        with pytest.raises(CertificateInvalid):
            follow([parse(bytes(altered))], trusted=[CA], signed_at=LATER)


def test_nothing_to_follow_is_the_callers_error() -> None:
    for chain, trusted in ([], [CA]), ([LEAF], []):
        with pytest.raises(ValueError, match="a path needs"):
            follow(chain, trusted=trusted, signed_at=LATER)


@pytest.mark.parametrize(
    "raw", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff" * 99]
)
def test_other_bytes_are_no_certificate(raw: bytes) -> None:
    with pytest.raises(CertificateInvalid) as refusal:
        read_pem(raw)
    assert refusal.value.code == "certificate-shape"


def test_an_empty_key_usage_is_no_certificate() -> None:
    empty = LEAF.der.replace(b"\x04\x04\x03\x02\x06\xc0", b"\x04\x04\x03\x00\x06\xc0")
    assert empty != LEAF.der
    with pytest.raises(CertificateInvalid):
        parse(empty)


def test_a_signature_has_one_form() -> None:
    good = der_signature(LEAF_KEY.sign(b"m"))
    assert der_signature(raw_signature(good)) == good
    padded = b"\x30" + bytes([good[1] + 1]) + b"\x02" + bytes([good[3] + 1]) + b"\0" + good[4:]
    for wrong in (padded, good + b"\0", b"", der_signature(bytes(64)), b"\x30\x81" + good[1:]):
        with pytest.raises(ValueError):  # noqa: PT011 - any of the decoder's reasons
            raw_signature(wrong)


def test_a_key_file_reads_back_and_openssl_agrees(tmp_path: Path) -> None:
    for name, passphrase in ("plain.pem", None), ("locked.pem", "三人行 3"):
        path = tmp_path / name
        write_key(path, LEAF_KEY, passphrase=passphrase, random=seeded())
        assert path.stat().st_mode & 0o777 == 0o600
        assert read_key(path, passphrase=passphrase).public_key == LEAF_KEY.public_key
        if shutil.which("openssl"):
            shown = openssl("pkey", "-in", path, "-passin", f"pass:{passphrase}", "-text", "-noout")
            assert shown.returncode == 0, shown.stderr
            digits = shown.stdout.split("pub:")[1].split("ASN1")[0].replace(":", "").split()
            assert "".join(digits) == "04" + LEAF_KEY.public_key.hex()


def test_a_key_that_openssl_made_is_read(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    path = tmp_path / "key.pem"
    assert openssl("genpkey", "-algorithm", "SM2", "-out", path).returncode == 0
    path.chmod(0o600)
    point = openssl("pkey", "-in", path, "-pubout", "-outform", "DER", "-out", tmp_path / "pub.der")
    assert point.returncode == 0
    assert (tmp_path / "pub.der").read_bytes().endswith(read_key(path).public_key)


def refusal_code(path: Path, passphrase: str | None = None) -> str:
    with pytest.raises(KeyUnusable) as refusal:
        read_key(path, passphrase=passphrase)
    assert refusal.value.next_step
    return refusal.value.code


def test_keys_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    exposed = tmp_path / "exposed.pem"
    write_key(exposed, LEAF_KEY)
    exposed.chmod(0o640)
    locked = tmp_path / "locked.pem"
    write_key(locked, LEAF_KEY, passphrase="right")
    other = tmp_path / "other.pem"
    other.write_bytes(to_pem(LEAF))
    other.chmod(0o600)
    assert refusal_code(tmp_path / "missing.pem") == "no-key"
    assert refusal_code(exposed) == "key-exposed"
    assert refusal_code(locked) == "key-locked"
    assert refusal_code(locked, "wrong") == "key-shape"
    assert refusal_code(other) == "key-shape"


def test_a_local_authority_is_whole_and_never_overwritten(tmp_path: Path) -> None:
    made = make_local_authority(tmp_path / "signer", name="示范管理人", at=AT, random=seeded())
    assert made.exists()
    signer = made.signer()
    assert SM().verify(signer.chain[0].public_key, b"m", raw_signature(signer.sign(b"m")))
    assert follow(signer.chain, trusted=read_pem(made.authority.read_bytes()), signed_at=AT)
    before = made.key.read_bytes()
    with pytest.raises(KeyUnusable) as refusal:
        make_local_authority(tmp_path / "signer", name="示范管理人", at=AT, random=seeded(2))
    assert refusal.value.code == "authority-exists"
    assert made.key.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["signer"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unwritable):
        make_local_authority(tmp_path / "file" / "signer", name="x", at=AT, random=seeded())


@given(st.integers(0, len(LEAF.der) - 1), st.binary(max_size=6), st.booleans())
def test_no_bytes_surprise_the_certificate_reader(at: int, put: bytes, cut: bool) -> None:
    raw = LEAF.der[:at] + put + (b"" if cut else LEAF.der[at + len(put) :])
    refused = None
    try:
        assert parse(raw).der == raw
    except CertificateInvalid as refusal:
        refused = refusal
    assert refused is None or refused.code == "certificate-shape"


def test_a_certificate_of_another_key_is_refused(tmp_path: Path) -> None:
    write_key(tmp_path / "key.pem", OTHER_KEY)
    (tmp_path / "cert.pem").write_bytes(to_pem(LEAF))
    with pytest.raises(KeyUnusable) as refusal:
        FileSigner.open(tmp_path / "key.pem", tmp_path / "cert.pem")
    assert refusal.value.code == "another-key"


@needs_openssl
def test_openssl_reads_and_verifies_the_certificates(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(to_pem(CA))
    (tmp_path / "leaf.pem").write_bytes(to_pem(LEAF))
    text = openssl("x509", "-in", tmp_path / "leaf.pem", "-text", "-noout").stdout
    for expected in (
        "Signature Algorithm: SM2-with-SM3",
        "ASN1 OID: SM2",
        "CA:FALSE",
        "Digital Signature, Non Repudiation",
    ):
        assert expected in text
    arguments = ["verify", "-attime", int(LATER.timestamp()), "-x509_strict", "-CAfile", tmp_path / "ca.pem"]
    told = openssl(*arguments, "-vfyopt", "distid:1234567812345678", tmp_path / "leaf.pem")
    assert told.returncode == 0, told.stderr
    # Stock OpenSSL takes an empty id unless told; docs/packages.md therefore shows the option.
    assert openssl(*arguments, tmp_path / "leaf.pem").returncode != 0
