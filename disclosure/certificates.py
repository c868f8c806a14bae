"""X.509 version 3 certificates with SM2 keys: made by a local authority, read strictly, and followed to a trusted one.

The signature algorithm is SM2-with-SM3 (GM/T 0006: 1.2.156.10197.1.501) over the default id, the key an EC key on the
curve 1.2.156.10197.1.301 (GM/T 0015). OpenSSL 3 reads and verifies them; docs/packages.md has the commands.

Following a path (RFC 5280, 6.1, without the policy tree) checks, for each certificate from the leaf upward:
1. it is signed by the next one, and its issuer is the next one's subject; the last is signed by a trusted authority;
2. it was valid at the signing time;
3. whoever signs certificates is an authority by basicConstraints and keyUsage, and its path length allows it;
4. the leaf may sign documents (keyUsage digitalSignature);
5. no extension is critical and unknown here.
The caller must still decide whether to believe the signing time. There is no revocation: a local authority issues
none, and docs/packages.md says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from asn1crypto import algos, core, keys, pem, x509

from disclosure.errors import CertificateInvalid
from ledger.sm_backends import der_signature
from ledger.suites import SM, sm3

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ledger.suites import SM2Key

__all__ = ["Certificate", "authority", "follow", "leaf", "raw_signature", "read_pem", "subject_public_key", "to_pem"]

SM2_WITH_SM3 = "1.2.156.10197.1.501"
SM2_CURVE = "1.2.156.10197.1.301"
KEY_IDENTIFIER = 20  # bytes of SM3 over the public key; any method may be used (RFC 5280, 4.2.1.2)
MAX_CERTIFICATES = 8  # in one file; a path here is two long, a public one four
MAX_CERTIFICATE = 64 * 1024  # bytes of one file of certificates; ours take one kilobyte each
UTC_TIME_END = 2050  # RFC 5280, 4.1.2.5: GeneralizedTime from this year on
# What asn1crypto raises, besides its own ValueErrors, for bytes that are no certificate; found by fuzzing.
ASN1_FAULTS = (ValueError, TypeError, LookupError, OverflowError, AttributeError)
UNDERSTOOD = frozenset({"basic_constraints", "key_usage", "key_identifier", "authority_key_identifier"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What one certificate says; ``der`` is it, and equality is equality of those bytes."""

    der: bytes
    subject: str = field(compare=False)
    issuer: str = field(compare=False)
    serial: int = field(compare=False)
    not_before: datetime = field(compare=False)
    not_after: datetime = field(compare=False)
    public_key: bytes = field(compare=False, repr=False)
    subject_der: bytes = field(compare=False, repr=False)
    issuer_der: bytes = field(compare=False, repr=False)
    tbs: bytes = field(compare=False, repr=False)
    signature: bytes = field(compare=False, repr=False)
    is_authority: bool = field(compare=False)
    path_length: int | None = field(compare=False)
    key_usage: frozenset[str] = field(compare=False)


def subject_public_key(public_key: bytes) -> keys.PublicKeyInfo:
    """Return the SubjectPublicKeyInfo of 64 bytes x|y on the SM2 curve."""
    curve = keys.ECDomainParameters(name="named", value=SM2_CURVE)
    return keys.PublicKeyInfo(
        {
            "algorithm": {"algorithm": "ec", "parameters": curve},
            "public_key": keys.ECPointBitString(b"\x04" + public_key),
        }
    )


def authority(key: SM2Key, *, name: str, serial: int, not_before: datetime, not_after: datetime) -> Certificate:
    """Return a self-signed authority that issues to leaves only (path length 0)."""
    usage = {"key_cert_sign", "crl_sign"}
    tbs = _to_be_signed(name, name, key.public_key, key.public_key, serial, not_before, not_after, usage=usage)
    return _sign(tbs, key)


def leaf(
    issuer: Certificate,
    issuer_key: SM2Key,
    public_key: bytes,
    *,
    name: str,
    serial: int,
    not_before: datetime,
    not_after: datetime,
) -> Certificate:
    """Return a certificate for signing documents, issued by ``issuer`` with its key."""
    if issuer_key.public_key != issuer.public_key:
        raise ValueError("the key is not the issuer's")
    usage = {"digital_signature", "non_repudiation"}
    issuer_name = x509.Name.load(issuer.subject_der)
    tbs = _to_be_signed(name, issuer_name, public_key, issuer.public_key, serial, not_before, not_after, usage=usage)
    return _sign(tbs, issuer_key)


def _name(value: str | x509.Name) -> x509.Name:
    return x509.Name.build({"common_name": value}) if isinstance(value, str) else value


def _time(instant: datetime) -> x509.Time:
    kind = "utc_time" if instant.year < UTC_TIME_END else "general_time"
    return x509.Time({kind: instant.replace(microsecond=0)})


def _key_identifier(public_key: bytes) -> bytes:
    return sm3(b"\x04" + public_key)[:KEY_IDENTIFIER]


def _to_be_signed(
    subject: str,
    issuer: str | x509.Name,
    public_key: bytes,
    issuer_public_key: bytes,
    serial: int,
    not_before: datetime,
    not_after: datetime,
    *,
    usage: set[str],
) -> x509.TbsCertificate:
    is_authority = "key_cert_sign" in usage
    constraints = {"ca": True, "path_len_constraint": 0} if is_authority else {"ca": False}
    extensions = [
        {"extn_id": "basic_constraints", "critical": True, "extn_value": constraints},
        {"extn_id": "key_usage", "critical": True, "extn_value": usage},
        {"extn_id": "key_identifier", "critical": False, "extn_value": _key_identifier(public_key)},
        {
            "extn_id": "authority_key_identifier",
            "critical": False,
            "extn_value": {"key_identifier": _key_identifier(issuer_public_key)},
        },
    ]
    return x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": serial,
            "signature": {"algorithm": SM2_WITH_SM3},
            "issuer": _name(issuer),
            "validity": {"not_before": _time(not_before), "not_after": _time(not_after)},
            "subject": _name(subject),
            "subject_public_key_info": subject_public_key(public_key),
            "extensions": extensions,
        }
    )


def _sign(tbs: x509.TbsCertificate, key: SM2Key) -> Certificate:
    signature = der_signature(key.sign(tbs.dump()))
    signed = x509.Certificate(
        {"tbs_certificate": tbs, "signature_algorithm": {"algorithm": SM2_WITH_SM3}, "signature_value": signature}
    )
    return parse(signed.dump())


def to_pem(*certificates: Certificate) -> bytes:
    """Return the certificates in PEM, in the order given."""
    return b"".join(pem.armor("CERTIFICATE", certificate.der) for certificate in certificates)


def read_pem(raw: bytes) -> tuple[Certificate, ...]:
    """Return every certificate of a PEM file, at least one, in order.

    Raises CertificateInvalid ``certificate-shape`` when the bytes are anything but certificates.
    """
    if len(raw) > MAX_CERTIFICATE:
        raise _misshapen(f"the file has {len(raw)} bytes; the limit is {MAX_CERTIFICATE}")
    found = []
    try:
        for kind, headers, der in pem.unarmor(raw, multiple=True):
            if kind != "CERTIFICATE" or headers:
                raise _misshapen(f"the file holds a {kind}")
            found.append(parse(der))
            if len(found) > MAX_CERTIFICATES:
                raise _misshapen(f"the file holds more than {MAX_CERTIFICATES} certificates")
    except ASN1_FAULTS as failure:
        raise _misshapen(str(failure)) from None
    if not found:
        raise _misshapen("the file holds no certificate")
    return tuple(found)


def _misshapen(reason: str) -> CertificateInvalid:
    return CertificateInvalid("certificate-shape", f"This is not a certificate that can be used: {reason}.")


def parse(der: bytes) -> Certificate:
    """Return what a DER certificate says; raises CertificateInvalid ``certificate-shape`` for anything but SM2."""
    try:
        return _parse(der)
    except ASN1_FAULTS as failure:
        raise _misshapen(str(failure)) from None


def _parse(der: bytes) -> Certificate:
    document = x509.Certificate.load(der, strict=True)
    tbs = document["tbs_certificate"]
    for algorithm in (tbs["signature"], document["signature_algorithm"]):
        if algorithm["algorithm"].dotted != SM2_WITH_SM3:
            raise ValueError(f"it is signed with {algorithm['algorithm'].dotted}, not SM2 with SM3")
    spki = tbs["subject_public_key_info"]
    point = bytes(spki["public_key"].native)
    curve = spki["algorithm"]["parameters"].chosen
    if spki["algorithm"]["algorithm"].native != "ec" or curve.dotted != SM2_CURVE or point[:1] != b"\x04":
        raise ValueError("its key is not an uncompressed point of the SM2 curve")
    if tbs["version"].native != "v3":
        raise ValueError("it is not of version 3")
    constraints, usage = _extensions(tbs["extensions"])
    validity = tbs["validity"]
    return Certificate(
        der=der,
        subject=_common_name(tbs["subject"]),
        issuer=_common_name(tbs["issuer"]),
        serial=tbs["serial_number"].native,
        not_before=validity["not_before"].native,
        not_after=validity["not_after"].native,
        public_key=point[1:],
        subject_der=tbs["subject"].dump(),
        issuer_der=tbs["issuer"].dump(),
        tbs=tbs.dump(),
        signature=raw_signature(document["signature_value"].native),
        is_authority=bool(constraints.get("ca")),
        path_length=constraints.get("path_len_constraint"),
        key_usage=usage,
    )


def _common_name(name: x509.Name) -> str:
    """The name's commonName where it has one, else all of it."""
    return str(name.native.get("common_name") or name.human_friendly)


def _extensions(extensions: x509.Extensions) -> tuple[dict[str, Any], frozenset[str]]:
    if isinstance(extensions, core.Void):
        return {}, frozenset()
    seen: dict[str, object] = {}
    for extension in extensions:
        name = extension["extn_id"].native
        if name in seen:
            raise ValueError(f"it has the extension {name} twice")
        if extension["critical"].native and name not in UNDERSTOOD:
            raise ValueError(f"its extension {name} is critical and not understood here")
        seen[name] = extension["extn_value"].parsed.native if name in UNDERSTOOD else None
    constraints, usage = seen.get("basic_constraints"), seen.get("key_usage")
    return (
        dict(constraints) if isinstance(constraints, dict) else {},
        frozenset(usage) if isinstance(usage, set | frozenset) else frozenset(),
    )


def raw_signature(der: bytes) -> bytes:
    """Return r|s, 64 bytes, of a DER signature; raises ValueError unless the bytes are its one DER form."""
    try:
        pair = algos.DSASignature.load(der, strict=True).native
        r, s = int(pair["r"]), int(pair["s"])
    except ASN1_FAULTS as failure:
        raise ValueError(str(failure)) from None
    if not (0 < r < 1 << 256 and 0 < s < 1 << 256):
        raise ValueError("the signature's numbers are out of range")
    raw = bytes(r.to_bytes(32) + s.to_bytes(32))
    if der_signature(raw) != der:
        raise ValueError("the signature is not in DER")
    return raw


def follow(
    chain: Sequence[Certificate], *, trusted: Sequence[Certificate], signed_at: datetime, suite: SM | None = None
) -> tuple[Certificate, ...]:
    """Return the path from ``chain[0]`` to a trusted authority, both included; steps 1 to 5 of this module hold for it.

    Raises CertificateInvalid with the code of the first rule that does not hold, ValueError for an empty chain or an
    empty set of authorities: without them there is nothing to follow.
    """
    if not chain or not trusted:
        raise ValueError("a path needs a certificate at one end and an authority at the other")
    suite = suite or SM()
    path = [chain[0]]
    while True:
        _check_time(path[-1], signed_at)
        anchor = next((each for each in trusted if _issued(each, path[-1], suite)), None)
        if anchor is not None:
            path.append(anchor)
            break
        above = next((each for each in chain[1:] if each not in path and _issued(each, path[-1], suite)), None)
        if above is None:
            raise CertificateInvalid(
                "untrusted-issuer", f"No authority that you trust issued the certificate of “{path[-1].subject}”."
            )
        path.append(above)
    _check_time(path[-1], signed_at)
    for below, issuer in enumerate(path[1:]):
        _check_authority(issuer, below)
    if "digital_signature" not in path[0].key_usage:
        raise CertificateInvalid("key-usage", f"The certificate of “{path[0].subject}” is not for signing documents.")
    return tuple(path)


def _issued(issuer: Certificate, subject: Certificate, suite: SM) -> bool:
    named = issuer.subject_der == subject.issuer_der
    return named and suite.verify(issuer.public_key, subject.tbs, subject.signature)


def _check_time(certificate: Certificate, signed_at: datetime) -> None:
    if not certificate.not_before <= signed_at <= certificate.not_after:
        raise CertificateInvalid(
            "not-valid-then",
            f"The certificate of “{certificate.subject}” is valid from {certificate.not_before:%Y-%m-%d} to "
            f"{certificate.not_after:%Y-%m-%d}, and the package says it was signed on {signed_at:%Y-%m-%d}.",
        )


def _check_authority(issuer: Certificate, below: int) -> None:
    """``below`` counts the authorities between this one and the leaf."""
    if not issuer.is_authority or "key_cert_sign" not in issuer.key_usage:
        raise CertificateInvalid("not-an-authority", f"“{issuer.subject}” may not issue certificates.")
    if issuer.path_length is not None and below > issuer.path_length:
        raise CertificateInvalid("path-length", f"“{issuer.subject}” may not have {below} authorities beneath it.")
