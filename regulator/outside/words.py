"""What a check says to a person: classes, reasons and remarks in Chinese and English, in one table."""

from __future__ import annotations

from typing import Final

from regulator.outside.result import Group, Match, Standing
from regulator.signals import Level
from regulator.wording import KINDS, Language

__all__ = ["SHOWN", "WORDS", "matched", "reason", "several", "standing", "thing", "word", "yuan"]

WORDS: Final[dict[str, tuple[str, str]]] = {
    # classes
    "exact": ("同一票据", "exact"),
    "format": ("号码写法不同", "format"),
    "altered": ("内容不一致", "altered"),
    "near": ("号码相近", "near"),
    "renumbered": ("同日同额另号", "renumbered"),
    "overlap": ("登记重叠", "overlap"),
    "blanket": ("概括登记", "blanket"),
    "known": ("账本已载", "known"),
    # what is usual
    "credit": ("贷项或零金额", "credit"),
    "corrected": ("已冲正", "corrected"),
    "unnumbered": ("无号码", "no number"),
    "lines": ("同票多行", "lines of one bill"),
    "reference": ("账户或合同编号", "account number"),
    "recurring": ("经常性账单", "recurring"),
    "expired": ("登记已到期", "expired"),
    # reasons
    "same": ("号码相同", "the same number"),
    "separators": ("号码仅分隔符或大小写不同", "one number but for separators or case"),
    "zeros": ("号码仅前导零不同", "one number but for leading zeros"),
    "zeros_of_parts": ("号码各段仅前导零不同", "one number but for leading zeros of its parts"),
    "look_alike": ("号码中字母与数字形近（O/0、I/1 等）", "one number but for letters that look like digits"),
    "affix": ("号码仅前后字母不同", "one number but for letters around it"),
    "edit": ("号码相差一个字符", "numbers one sign apart"),
    "swap": ("号码相邻两位互换", "numbers with two neighbours swapped"),
    "amount": ("金额不同", "another amount"),
    "date": ("日期不同", "another day"),
    "party": ("当事人不同", "other parties"),
    "other_number": ("当事人、日期、金额相同，号码不同", "parties, day and amount are the same, the number is not"),
    "number": ("登记编号相同", "the same registration number"),
    "secured_party": ("担保权人不同", "another secured party"),
    "debtor": ("担保人不同", "another debtor"),
    "named": ("描述指向同一号码", "the descriptions name one number"),
    "invoice": ("描述列明该发票", "the description names this invoice"),
    "contract": ("描述列明其合同", "the description names its contract"),
    "all": ("描述涵盖其全部应收账款", "the description covers all receivables"),
    # what was not compared
    "not_crowded": (
        "{count} 行因同类票据过多或号码过长，未比较相近号码",
        "{count} rows stand among too many of their kind, or have too long a number, to compare nearly equal numbers",
    ),
    "not_unnumbered": ("{count} 行没有可比的号码", "{count} rows have no number to compare"),
    "not_no_member": (
        "{count} 行的当事人不是账本成员，与账本只比较 20 位数电票号码、发票代码加号码",
        "{count} rows are of parties whom the ledger does not know: compared with it by 20 digits, or code and number",
    ),
    "not_no_number": (
        "{count} 项登记的描述没有可识别的号码，也未涵盖全部应收账款",
        "{count} registrations describe nothing that could be found: no number, and not all receivables",
    ),
    "not_many_receivables": (
        "概括登记涉及的应收账款中 {count} 笔未核对",
        "{count} receivables under registrations of all receivables were not looked at",
    ),
    # the answer
    "title": (
        "{file}：{rows} 行，{unread} 行无法读取，{blank} 空行",
        "{file}: {rows} rows, {unread} unreadable, {blank} blank",
    ),
    "against": ("与账本第 {height} 块的事实比对", "held against the ledger as of height {height}"),
    "alone": ("仅在文件内比对（未提供账本）", "held against itself alone, without a ledger"),
    "guessed": ("按标题识别的列：{columns}", "columns taken by their headings: {columns}"),
    "found": ("需核查 {alerts} 组，其他 {others} 组", "{alerts} groups to look into, {others} others"),
    "clean": ("没有需要核查的匹配。", "Nothing to look into."),
    "usual": ("常见情形：{what}", "usual: {what}"),
    "shown": ("只列前 {shown} 组；用 --limit 或 --out 查看全部", "the first {shown} groups; --limit or --out show all"),
    "unread": ("无法读取的行", "Rows that could not be read"),
    "not_found": ("无", "none"),
    # headings
    "group": ("组", "Group"),
    "match": ("类别", "Class"),
    "level": ("级别", "Level"),
    "face": ("金额（元）", "Amount (CNY)"),
    "lines_of": ("行", "Lines"),
    "why": ("依据", "Why"),
    "stands": ("账本上的权利", "Claimed on the ledger"),
    "line": ("行号", "Line"),
    "code": ("代码", "Code"),
    "cause": ("原因", "Cause"),
    "invoice_code": ("发票代码", "Invoice code"),
    "invoice_number": ("号码", "Number"),
    "seller": ("卖方", "Seller"),
    "buyer": ("买方", "Buyer"),
    "issued": ("日期", "Date"),
    "registration": ("登记编号", "Registration"),
    "type": ("类型", "Type"),
    "secured": ("担保权人", "Secured party"),
    "grantor": ("担保人", "Debtor"),
    "description": ("描述", "Description"),
    "filed": ("登记日", "Filed"),
    "expires": ("到期日", "Expires"),
    "file_line": ("第 {line} 行", "line {line}"),
    "unreadable": ("无法读取", "unreadable"),
    Level.HIGH.value: ("高", "high"),
    Level.MEDIUM.value: ("中", "medium"),
    Level.LOW.value: ("低", "low"),
    "financing": ("融资", "financing"),
    "certificate": ("凭证", "certificate"),
    "pool": ("入池", "pool"),
    "void": ("已作废或红冲", "voided or red-flushed"),
    "with": ("{reason}（{other}）", "{reason} ({other})"),
    "claimed_by": ("{holder}（{instrument} {thing}）", "{holder} ({instrument} {thing})"),
    "claimed_on": ("{holder}（{instrument} {thing}，在{on}上）", "{holder} ({instrument} {thing}, on {on})"),
    "several": ("账本上有 {count} 张发票与此对应：{things}", "the ledger holds {count} invoices for this: {things}"),
    "and": ("；", "; "),
    "list": ("、", ", "),
    "more": ("等 {count} 项", "and {count} more"),
}  # fmt: skip
SHOWN: Final = 5
"""Matches and claims told of one group."""


def word(name: str, language: Language, **values: object) -> str:
    """Return a text of the table; KeyError for a name it has not."""
    return WORDS[name][language != "zh"].format(**values)


def thing(text: str, language: Language) -> str:
    """Return a ``line N`` or ``<kind> <id>`` in the language."""
    kind, _, name = text.partition(" ")
    if kind == "line":
        return word("file_line", language, line=name)
    return f"{KINDS[kind]}{name}" if language == "zh" and kind in KINDS else text


def reason(name: str, other: str, language: Language) -> str:
    """Return a reason with what it ties a row to."""
    return word("with", language, reason=word(name, language), other=thing(other, language))


def matched(group: Group, language: Language) -> str:
    """Return why a group is one, in a sentence; the first matches where there are many."""
    parts = [_match(each, language) for each in group.matches[:SHOWN]]
    told = _with_more(parts, len(group.matches), language)
    return word("and", language).join([*several(group, language), told])


def several(group: Group, language: Language) -> list[str]:
    """Return the sentence that a group is more than one invoice of the ledger; none where it is not."""
    invoices = [each for each in group.things if each.startswith("invoice ")]
    if len(invoices) < 2:
        return []
    things = word("list", language).join(thing(each, language) for each in invoices[:SHOWN])
    more = [things, *([word("more", language, count=len(invoices) - SHOWN)] if len(invoices) > SHOWN else [])]
    return [word("several", language, count=len(invoices), things=" ".join(more))]


def _match(match: Match, language: Language) -> str:
    why = word("list", language).join(word(name, language) for name in match.reasons)
    ends = f"{thing(f'line {match.line}', language)} — {thing(match.other, language)}"
    return word("with", language, reason=ends, other=why)


def standing(claims: tuple[Standing, ...], names: dict[str, str], language: Language) -> str:
    """Return who claims what a group is, members by name; where it is more than one thing, on which."""
    several_things = len({one.on for one in claims}) > 1
    parts = [
        word(
            "claimed_on" if several_things and one.on != one.thing else "claimed_by",
            language,
            on=thing(one.on, language),
            holder=names.get(one.holder, one.holder),
            instrument=word(one.instrument, language),
            thing=one.thing.partition(" ")[2],
        )
        for one in claims[:SHOWN]
    ]
    return _with_more(parts, len(claims), language)


def _with_more(parts: list[str], count: int, language: Language) -> str:
    more = [word("more", language, count=count - SHOWN)] if count > SHOWN else []
    return word("and", language).join([*parts, *more])


def yuan(fen: int) -> str:
    """Return an amount in yuan with two decimals."""
    sign, whole = "-" if fen < 0 else "", abs(fen)
    return f"{sign}{whole // 100:,}.{whole % 100:02d}"
