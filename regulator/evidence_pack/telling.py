"""The pack in words, Chinese first: what was found, how it came, in whose name, and how to check all of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ledger.position import Position
from regulator.evidence_pack.form import PROOFS
from regulator.rules import explained, titled
from regulator.signals import Version
from regulator.wording import KINDS, told_amount

if TYPE_CHECKING:
    from disclosure.manifest import Ledger
    from regulator.evidence_pack.form import Held, Pack
    from regulator.wording import Language

__all__ = ["DONE", "LEVELS", "did", "pick", "story", "told"]

LEVELS: Final = {"low": ("低", "low"), "medium": ("中", "medium"), "high": ("高", "high")}
DONE: Final = {
    "opened": ("立案", "opened"), "collected": ("收入发现", "collected"), "dropped": ("移出发现", "dropped"),
    "asked": ("问询", "asked"), "answered": ("答复", "answered"), "decided": ("结案", "decided"),
    "reopened": ("重新立案", "reopened"),
    "confirmed": ("属实", "confirmed"), "dismissed": ("排除", "dismissed"), "remedied": ("已整改", "remedied"),
    "referred": ("移送", "referred"),
}  # fmt: skip
"""What was done in a case and how it ended, in Chinese and English."""

_HEAD: Final = {
    "zh": "证据包\n\n{subject}\n账本 {chain}/{group}，区块高度 {height}，区块哈希 {block}\n创世区块哈希 {genesis}\n"
    "制作时间 {made} UTC\n",
    "en": "Evidence pack\n\n{subject}\nLedger {chain}/{group}, height {height}, block hash {block}\n"
    "Genesis hash {genesis}\nMade {made} UTC\n",
}
_CHECK: Final = {
    "zh": "如何核验\n  签名与文件：openssl 或 glasspool verify 本文件夹 --ca ca.pem（docs/packages.md）。\n"
    "  每条记录：glasspool verify {proofs} --genesis-hash 创世区块哈希 --contract 记录合约地址；不需要任何数据库。\n",
    "en": "How to check\n  Signature and files: openssl, or glasspool verify FOLDER --ca ca.pem (docs/packages.md).\n"
    "  Every record: glasspool verify {proofs} --genesis-hash HASH --contract ADDRESS; no database is needed.\n",
}
_LINES: Final = {
    "finding": ("{number}. {title}（{id}）", "{number}. {title} ({id})"),
    "figures": (
        "   程度 {level}，证据强度 {score}/100，涉及 {amount} 元，起始 {since}，规则 {rule}",
        "   Level {level}, evidence {score}/100, {amount} yuan at stake, since {since}, rule {rule}",
    ),
    "held": ("   按区块 {height} 时的情形", "   As it stood at block {height}"),
    "gone": ("   按区块 {height} 时的情形：当时已不成立", "   As of block {height}, where it stood no more"),
    "parties": ("   当事人：{parties}", "   Parties: {parties}"),
    "things": ("   涉及：{things}", "   Rests on: {things}"),
    "history": ("   过程：", "   History:"),
    "version": (
        "     区块 {height}：{level}，{amount} 元。{said}",
        "     Block {height}: {level}, {amount} yuan. {said}",
    ),
    "ended": ("     区块 {height}：不再成立。", "     Block {height}: stands no more."),
    "records": ("   记录：{records}", "   Records: {records}"),
    "recomputed": (
        "   记录：无单独的记录；由账本在该区块的全部事实重算得出",
        "   Records: none of its own; it is recomputed from all facts of the ledger as of that block",
    ),
    "one": ("发现 {id}", "finding {id}"),
    "several": ("{count} 项发现", "{count} findings"),
    "case": ("案件 {case}：{title}", "Case {case}: {title}"),
    "entry": ("  {number}. {at} {actor} {did}", "  {number}. {at} {actor} {did}"),
    "comma": ("、", ", "),
}


def pick(pair: tuple[str, str], language: Language) -> str:
    """The one of two texts that is of the language."""
    return pair[0] if language == "zh" else pair[1]


def did(code: str, language: Language) -> str:
    """What was done, or how it ended, in words; the code itself where it has none."""
    return pick(DONE[code], language) if code in DONE else code


def story(body: dict[str, Any], pack: Pack, language: Language) -> str:
    """What an entry of a case states, in a line."""
    parts = []
    for name in ("title", "finding", "height", "question", "to", "due", "outcome", "text", "reason"):
        value = body.get(name)
        if value is None:
            continue
        said = did(str(value), language) if name == "outcome" else pack.name(str(value)) if name == "to" else str(value)
        parts.append(f"#{said}" if name in ("height", "question") else said)
    return " ".join(" ".join(parts).split())


def told(pack: Pack, ledger: Ledger, made_at: datetime) -> bytes:
    """Return the text of the pack, as bytes."""
    parts = ["\n".join(_told(pack, ledger, made_at, language)) for language in ("zh", "en")]
    return ("\n\n----\n\n".join(parts) + "\n").encode()


def _told(pack: Pack, ledger: Ledger, made_at: datetime, language: Language) -> Iterator[str]:
    yield _HEAD[language].format(
        subject=_subject(pack, language),
        chain=ledger.chain,
        group=ledger.group,
        height=ledger.height,
        block=ledger.block_hash.hex(),
        genesis=ledger.genesis_hash.hex(),
        made=f"{made_at:%Y-%m-%d %H:%M:%S}",
    )
    if pack.case is not None:
        yield _line("case", language, case=pack.case.case, title=pack.case.title)
        for one in pack.case.entries:
            head = {name: one[name] for name in ("number", "at", "actor")}
            line = _line("entry", language, **head, did=did(one["did"], language))
            yield f"{line} {story(one['body'], pack, language)}".rstrip()
        yield ""
    for number, held in enumerate(pack.findings, start=1):
        yield from _finding(pack, number, held, language)
        yield ""
    yield _CHECK[language].format(proofs=PROOFS)


def _subject(pack: Pack, language: Language) -> str:
    if pack.case is not None:
        return pack.subject
    many = len(pack.findings)
    return _line("several" if many > 1 else "one", language, count=many, id=pack.findings[0].id)


def _finding(pack: Pack, number: int, held: Held, language: Language) -> Iterator[str]:
    signal, comma = held.signal, pick(_LINES["comma"], language)
    yield _line("finding", language, number=number, title=titled(held.rule, language), id=held.id)
    yield f"   {explained(signal, language, pack.members)}"
    yield _line(
        "figures",
        language,
        level=pick(LEVELS[signal.level.value], language),
        score=signal.score,
        amount=told_amount(signal.amount, held.rule, language),
        since=signal.since or "—",
        rule=held.rule,
    )
    yield _line("held" if held.standing else "gone", language, height=held.height)
    if signal.parties:
        told = comma.join(f"{pack.name(one)} [{one}]" for one in signal.parties)
        yield _line("parties", language, parties=told)
    if signal.things:
        yield _line("things", language, things=comma.join(_thing(one, language) for one in signal.things))
    if len(held.versions) > 1:
        yield _line("history", language)
        for version in held.versions:
            yield _version(pack, version, language)
    records = " ".join(str(Position.from_number(one)) for one in held.evidence)
    yield _line("records" if records else "recomputed", language, records=records)


def _thing(named: str, language: Language) -> str:
    kind, _, id_ = named.partition(" ")
    return f"{KINDS[kind]}{id_}" if language == "zh" and kind in KINDS else named


def _version(pack: Pack, version: Version, language: Language) -> str:
    signal = version.signal
    if signal is None:
        return _line("ended", language, height=version.height)
    return _line(
        "version",
        language,
        height=version.height,
        level=pick(LEVELS[signal.level.value], language),
        amount=told_amount(signal.amount, version.rule, language),
        said=explained(signal, language, pack.members),
    )


def _line(name: str, language: Language, **values: object) -> str:
    return pick(_LINES[name], language).format(**values)
