"""Judging packages: a real one passes every step; whatever is changed in it is found, and named."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from disclosure.certificates import read_pem
from disclosure.errors import KeyUnusable, PackageUnreadable
from disclosure.manifest import Manifest, canonical_json, entry_of
from disclosure.package import archive_of, read_package
from disclosure.publish import NothingToReport, publish_distribution, read_distribution
from disclosure.recompute import generator, render
from disclosure.signing import make_local_authority
from disclosure.verify import STEPS, judge_package, verify_package
from ledger.store import Store
from ledger.verdict import StepVerdict, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from disclosure.certificates import Certificate
    from disclosure.package import Written
    from disclosure.signing import LocalAuthority, Signer

MADE_AT = datetime(2025, 11, 3, 2, 30, tzinfo=UTC)
LATER = MADE_AT + timedelta(days=2)
FILES = ("certificate.pem", "manifest.json", "manifest.sig", "report.html", "report.json", "report.xlsx")


@pytest.fixture(scope="module")
def authority(local_authority: LocalAuthority) -> tuple[Certificate, ...]:
    return read_pem(local_authority.authority.read_bytes())


@pytest.fixture
def copy(published: Written, tmp_path: Path) -> Path:
    return shutil.copytree(published.folder, tmp_path / "copy")


def steps(
    path: Path, *, trusted: tuple[Certificate, ...] = (), store: Store | None = None, at: datetime = LATER
) -> dict[str, StepVerdict]:
    judged = verify_package(path, trusted_ca=trusted, at=at, store=store)
    assert tuple(step.name for step in judged.steps) == STEPS
    return {step.name: step for step in judged.steps}


def test_a_real_package_passes_every_step(
    published: Written, authority: tuple[Certificate, ...], replica: Store
) -> None:
    for path in published.folder, published.archive:
        judgement = judge_package(path, trusted_ca=authority, at=LATER, store=replica)
        assert judgement.assessment.verdict is Verdict.PASSED, judgement.assessment
        assert judgement.manifest == published.manifest
        assert judgement.signer is not None
        assert judgement.signer.subject == "示范管理人"


def test_what_is_not_at_hand_leaves_steps_undecided(published: Written) -> None:
    found = steps(published.folder)
    assert [found[name].verdict.value for name in STEPS] == ["PASSED", "PASSED", *["INDETERMINATE"] * 3]
    assert [found[name].code for name in STEPS[2:]] == ["no-authority", "no-replica", "not-reached"]


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_fails_and_names_the_file(copy: Path, name: str, authority: tuple[Certificate, ...]) -> None:
    path = copy / name
    whole = path.read_bytes()
    positions = {0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 2, len(whole) - 1}
    for position in sorted(positions | set(random.Random(name).sample(range(len(whole)), 12))):
        for change in (0x01, 0x20, 0x80):
            altered = bytearray(whole)
            altered[position] ^= change
            path.write_bytes(altered)
            judged = verify_package(copy, trusted_ca=authority, at=LATER, store=None)
            assert judged.verdict is Verdict.FAILED, (name, position)
            failed = [step for step in judged.steps if step.verdict is Verdict.FAILED]
            assert any(name in step.detail for step in failed), (name, position, failed)


def test_one_changed_byte_in_an_archive_is_named_too(copy: Path, tmp_path: Path) -> None:
    for name in FILES:
        files = read_package(copy)
        files[name] = files[name][:50] + bytes([files[name][50] ^ 1]) + files[name][51:]
        (tmp_path / "x.zip").write_bytes(archive_of(files))
        judged = verify_package(tmp_path / "x.zip", trusted_ca=(), at=LATER, store=None)
        assert any(step.verdict is Verdict.FAILED and name in step.detail for step in judged.steps), name


def test_files_missing_added_and_cut_short_are_named(copy: Path) -> None:
    (copy / "note.txt").write_text("x")
    assert (steps(copy)["intact"].code, "note.txt" in steps(copy)["intact"].detail) == ("unlisted", True)
    (copy / "note.txt").unlink()
    (copy / "report.html").write_bytes((copy / "report.html").read_bytes()[:-1])
    assert (steps(copy)["intact"].code, "report.html" in steps(copy)["intact"].detail) == ("altered", True)
    (copy / "report.html").unlink()
    assert (steps(copy)["intact"].code, "report.html" in steps(copy)["intact"].detail) == ("missing", True)
    (copy / "report.html").symlink_to("/etc/hostname")
    assert (steps(copy)["intact"].code, "report.html" in steps(copy)["intact"].detail) == ("not-a-file", True)
    for name in FILES:
        (copy / name).unlink(missing_ok=True)
    found = steps(copy)
    assert (found["intact"].code, found["valid"].code) == ("no-manifest", "not-reached")


def test_a_package_without_its_signature_is_not_valid(copy: Path) -> None:
    (copy / "manifest.sig").unlink()
    assert (steps(copy)["valid"].verdict, steps(copy)["valid"].code) == (Verdict.FAILED, "unsigned")


def signed_again(
    folder: Path, signer: Signer, files: Mapping[str, bytes], change: Callable[[Manifest], Manifest] = lambda m: m
) -> Path:
    """A package whose manifest fits its files and is signed: what a dishonest signer would make."""
    manifest = Manifest.load((folder / "manifest.json").read_bytes())
    for name, data in files.items():
        (folder / name).write_bytes(data)
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    listed = sorted(name for name in found if name not in {"manifest.json", "manifest.sig"})
    entries = tuple(entry_of(name, (folder / name).read_bytes()) for name in listed)
    raw = change(replace(manifest, files=entries)).dump()
    (folder / "manifest.json").write_bytes(raw)
    (folder / "manifest.sig").write_bytes(signer.sign(raw))
    return folder


def test_a_signer_who_lies_about_a_figure_is_found_out(
    copy: Path, local_authority: LocalAuthority, authority: tuple[Certificate, ...], replica: Store
) -> None:
    told = json.loads((copy / "report.json").read_bytes())
    figure = next(each for each in told["figures"] if each["name"] == "tranche.principal_paid" and each["value"])
    figure["value"] += 1
    signed_again(copy, local_authority.signer(), {"report.json": canonical_json(told)})
    found = steps(copy, trusted=authority, store=replica)
    assert [found[name].verdict.value for name in STEPS] == ["PASSED", "PASSED", "PASSED", "FAILED", "FAILED"]
    assert found["recomputed"].code == "differs"
    assert figure["key"] in found["recomputed"].detail


@pytest.mark.slow
def test_a_signer_who_lies_on_the_page_or_in_a_row_is_found_out(
    copy: Path, local_authority: LocalAuthority, replica: Store
) -> None:
    page = (copy / "report.html").read_bytes()
    signer = local_authority.signer()
    signed_again(copy, signer, {"report.html": page.replace(b"0.00", b"0.01", 1)})
    found = steps(copy, store=replica)
    assert (found["recomputed"].verdict, found["rendered"].verdict) == (Verdict.PASSED, Verdict.FAILED)
    assert "report.html" in found["rendered"].detail
    told = json.loads((copy / "report.json").read_bytes())
    told["sections"][2]["tables"][0]["rows"][0]["cells"][-1]["value"] = 0
    told["sections"][2]["tables"][0]["rows"][0]["cells"][0]["value"] = "AR-another"
    signed_again(copy, signer, {"report.html": page, "report.json": canonical_json(told)})
    assert steps(copy, store=replica)["recomputed"].code == "differs"
    signed_again(copy, signer, {"report.json": b"[]"})
    assert steps(copy, store=replica)["recomputed"].code == "report-shape"


@pytest.mark.parametrize("name", ["index.html", "report/summary.html", "proof.json"])
def test_a_signed_file_that_the_format_does_not_know_is_found_out(
    copy: Path, local_authority: LocalAuthority, authority: tuple[Certificate, ...], replica: Store, name: str
) -> None:
    """Else a signer could add a page with other numbers, and nothing would ever compare them with the ledger."""
    (copy / name).parent.mkdir(exist_ok=True)
    signed_again(copy, local_authority.signer(), {name: b"<h1>9,999.00</h1>"})
    for store in replica, None:
        found = steps(copy, trusted=authority, store=store)
        assert (found["intact"].verdict, found["intact"].code) == (Verdict.FAILED, "unexpected-file")
        assert name in found["intact"].detail
        assert (found["valid"].verdict, found["trusted"].verdict) == (Verdict.PASSED, Verdict.PASSED)


@pytest.mark.parametrize("name", ["report.html", "report.xlsx", "report.json", "certificate.pem"])
def test_a_manifest_that_leaves_out_a_file_of_the_format_is_found_out(
    copy: Path, local_authority: LocalAuthority, name: str
) -> None:
    (copy / name).unlink()
    signed_again(copy, local_authority.signer(), {})
    found = steps(copy)["intact"]
    assert (found.verdict, found.code, name in found.detail) == (Verdict.FAILED, "missing", True)


ODD = (
    b'{"a":1e400,"figures":[]}',
    b'{"a":-1e400}',
    b'{"a":1.5}',
    b'{"figures":[{"key":"x","value":1e400}]}',
    b'{"a":' + b"9" * 5000 + b"}",
    b'{"a":' + b"9" * 4299 + b"}",
    b'{"figures":[{"key":' + b"9" * 4299 + b',"value":-' + b"9" * 4299 + b"}]}",
    b'{"a":"\\ud800"}',
    b"\xff\xfe",
    b"{" * 5000,
    b'{"a":' + b"[" * 190 + b"]" * 190 + b"}",
    b"",
    b"null",
)


@pytest.mark.slow
@pytest.mark.parametrize("raw", ODD, ids=range(len(ODD)))
def test_odd_json_is_a_verdict_and_never_an_error(
    copy: Path, local_authority: LocalAuthority, replica: Store, raw: bytes
) -> None:
    whole = (copy / "report.json").read_bytes()
    for data in raw, raw[:-1] + b"," + whole[1:] if raw[:1] == b"{" else raw:
        signed_again(copy, local_authority.signer(), {"report.json": data})
        found = steps(copy, store=replica)
        assert found["recomputed"].verdict is Verdict.FAILED, found
        assert found["recomputed"].code in {"report-shape", "differs"}
        assert "report.json" in found["recomputed"].detail
    (copy / "manifest.json").write_bytes(raw)
    found = steps(copy, store=replica)
    assert (found["intact"].verdict, found["intact"].code) == (Verdict.FAILED, "manifest-shape")


@pytest.mark.parametrize("name", ["period", "format", "made_at", "ledger", "files", "generator"])
@pytest.mark.parametrize(
    "value",
    [b"1e400", b"9" * 4299, b'"\\ud800"', b"1.5", b"[[]]", b'{"":1e400}'],
    ids=["endless", "long", "half a character", "fraction", "list", "object"],
)
def test_odd_values_in_a_manifest_are_a_verdict(copy: Path, name: str, value: bytes) -> None:
    told = json.loads((copy / "manifest.json").read_bytes())
    told[name] = "@"
    (copy / "manifest.json").write_bytes(canonical_json(told).replace(b'"@"', value))
    assert steps(copy)["intact"].code == "manifest-shape"


def test_another_state_of_the_ledger_is_found_out(copy: Path, local_authority: LocalAuthority, replica: Store) -> None:
    signer = local_authority.signer()
    for field, value, code, verdict in (
        ("block_hash", bytes(32), "differs", Verdict.FAILED),
        ("facts_digest", bytes(32), "differs", Verdict.FAILED),
        ("chain", "chain9", "differs", Verdict.FAILED),
        ("height", 3, "differs", Verdict.FAILED),
        ("height", 1_000_000, "replica-behind", Verdict.INDETERMINATE),
        ("genesis_hash", bytes(32), "another-chain", Verdict.INDETERMINATE),
    ):
        path = shutil.copytree(copy, copy.with_name(f"{field}-{value!s:.9}"))
        signed_again(path, signer, {}, lambda m, f=field, v=value: replace(m, ledger=replace(m.ledger, **{f: v})))
        step = steps(path, store=replica)["recomputed"]
        assert (step.code, step.verdict) == (code, verdict), field
    for change, code, verdict in (
        ({"plan": "no-such-plan"}, "differs", Verdict.FAILED),
        ({"period": 99}, "differs", Verdict.FAILED),
        ({"period": 1}, "differs", Verdict.FAILED),
        ({"report": "annual"}, "unknown-report", Verdict.INDETERMINATE),
    ):
        path = shutil.copytree(copy, copy.with_name("-".join(change)), dirs_exist_ok=True)
        signed_again(path, signer, {}, lambda m, c=change: replace(m, **c))
        step = steps(path, store=replica)["recomputed"]
        assert (step.code, step.verdict) == (code, verdict), change


def test_the_chain_the_reader_means_decides(published: Written, replica: Store) -> None:
    ours = published.manifest.ledger.genesis_hash
    for pinned, verdict in (ours, Verdict.PASSED), (bytes(32), Verdict.FAILED):
        judged = verify_package(published.folder, trusted_ca=(), at=LATER, store=replica, genesis_hash=pinned)
        assert judged.steps[3].verdict is verdict


def test_another_version_of_the_layout_is_not_a_lie(
    copy: Path, local_authority: LocalAuthority, replica: Store
) -> None:
    changed = {**generator(), "glasspool": "0.0.1"}
    signed_again(copy, local_authority.signer(), {}, lambda m: replace(m, generator=changed))
    found = steps(copy, store=replica)
    assert (found["recomputed"].verdict, found["rendered"].code) == (Verdict.PASSED, "another-version")


def test_trust_is_judged_at_the_time_of_signing(
    published: Written, authority: tuple[Certificate, ...], tmp_path: Path
) -> None:
    def trusted(at: datetime, given: tuple[Certificate, ...] = authority) -> tuple[Verdict, str]:
        step = steps(published.folder, trusted=given, at=at)["trusted"]
        return step.verdict, step.code

    assert trusted(LATER) == (Verdict.PASSED, "")
    assert trusted(MADE_AT - timedelta(minutes=4)) == (Verdict.PASSED, "")
    assert trusted(MADE_AT - timedelta(minutes=6)) == (Verdict.FAILED, "made-in-the-future")
    assert trusted(MADE_AT + timedelta(days=1500)) == (Verdict.INDETERMINATE, "expired-since")
    other = make_local_authority(tmp_path / "other", name="示范管理人", at=MADE_AT, random=random.Random(6).randbytes)
    assert trusted(LATER, read_pem(other.authority.read_bytes())) == (Verdict.FAILED, "untrusted-issuer")


def test_a_package_signed_before_its_certificate_existed_is_not_trusted(
    copy: Path, local_authority: LocalAuthority, authority: tuple[Certificate, ...]
) -> None:
    early = MADE_AT - timedelta(days=400)
    signed_again(copy, local_authority.signer(), {}, lambda m: replace(m, made_at=early))
    assert steps(copy, trusted=authority)["trusted"].code == "not-valid-then"


def test_nothing_at_the_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PackageUnreadable):
        verify_package(tmp_path / "nothing", trusted_ca=(), at=LATER, store=None)


def test_an_empty_replica_reports_nothing_and_judges_nothing(
    published: Written, local_authority: LocalAuthority, tmp_path: Path
) -> None:
    with Store.create(tmp_path / "empty.db") as store:
        assert steps(published.folder, store=store)["recomputed"].code == "no-replica"
        with pytest.raises(NothingToReport):
            publish_distribution(
                store, "P", folder=tmp_path / "x", signer=local_authority.signer(), clock=lambda: MADE_AT
            )
    assert not (tmp_path / "x").exists()


def test_an_expired_certificate_signs_nothing(
    replica: Store, plan: str, local_authority: LocalAuthority, tmp_path: Path
) -> None:
    with pytest.raises(KeyUnusable) as refusal:
        publish_distribution(
            replica,
            plan,
            folder=tmp_path / "x",
            signer=local_authority.signer(),
            clock=lambda: MADE_AT + timedelta(days=2000),
        )
    assert refusal.value.code == "certificate-expired"
    assert not (tmp_path / "x").exists()


def test_the_same_ledger_gives_the_same_bytes(published: Written, replica: Store, plan: str) -> None:
    files = render(read_distribution(replica, plan), made_at=MADE_AT)
    packed = read_package(published.folder)
    assert {name: packed[name] for name in files} == files


def test_an_earlier_height_is_reported_as_it_was(replica: Store, plan: str) -> None:
    head = read_distribution(replica, plan)
    assert head.period > 1
    first = read_distribution(replica, plan, period=1)
    record = first.figures()["tranche.principal_paid"].positions()[0]
    then = read_distribution(replica, plan, height=int(record.split(":")[0]))
    assert (first.period, then.period) == (1, 1)
    assert then.ledger.height < head.ledger.height
    paid = [cell.value for cell in then.sections[0].tables[1].total.cells]  # type: ignore[union-attr]
    assert paid == [cell.value for cell in first.sections[0].tables[1].total.cells]  # type: ignore[union-attr]
