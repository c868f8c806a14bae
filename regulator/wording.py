"""What a finding says to a person, in Chinese and English: one entry a rule, a sentence over the signal's details.

A sentence is a template over the details by name. Details that end in ``_fen`` are told in yuan; those named ``party``
or ``..._party`` are members, told by name; days are ISO text as they are. ``{subject}`` and ``{amount}`` are the
signal's own. A test holds every rule and every detail a sentence uses against what the rules state. Where a rule
rounds its amounts (:attr:`regulator.monitor.rules.Rule.rounded`), each is told with 约 ("about"), and the sentence
ends by saying so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter
from typing import Final, Literal, NamedTuple

from regulator import wording_authenticity, wording_monitor
from regulator.monitor.rules import RULES
from regulator.signals import Signal

__all__ = [
    "ABOUT",
    "KINDS",
    "ROUNDED",
    "WORDING",
    "Language",
    "Wording",
    "explain",
    "is_rounded",
    "title",
    "told_amount",
    "used_by",
]

Language = Literal["zh", "en"]


class Wording(NamedTuple):
    """A rule's title and sentence in both languages; and more sentences, told where a signal has all their details."""

    title_zh: str
    title_en: str
    sentence_zh: str
    sentence_en: str
    more: tuple[tuple[str, str], ...] = ()


KINDS: Final[dict[str, str]] = {
    "batch": "批次", "certificate": "数字债权凭证", "credit": "授信", "document": "单据", "financing": "融资",
    "fingerprint": "指纹", "invoice": "发票", "lot": "货位批次", "member": "成员", "order": "订单",
    "output": "凭证份额", "package": "发票包", "pair": "交易对手", "payment": "付款", "plan": "专项计划",
    "receipt": "仓单", "receivable": "应收账款", "registration": "登记", "stock": "库存", "trade": "贸易",
    **wording_monitor.KINDS,
}  # fmt: skip
"""Kinds of things in Chinese; in English they are their own names."""

ABOUT: Final[dict[Language, str]] = {"zh": "约", "en": "about "}
"""What stands before an amount that is rounded."""

ROUNDED: Final[dict[Language, str]] = {
    "zh": "（金额为约数，取两位有效数字。）",
    "en": " (Amounts are told to two significant digits.)",
}
"""What a sentence ends with where its rule rounds amounts."""

UNGROUPED: Final = frozenset({"days", "late_days", "months", "period", "periods", "year"})
"""Numbers told without separators of thousands: years, numbers of periods, spans of time. Counts have them."""

WRITTEN: Final = frozenset({"account", "goods", "location", "lot", "message", "name", "reason", "text", "unit"})
"""Details that people wrote: told as they are, whatever else their words may mean here."""

_TERMS: Final[dict[str, str]] = {
    "amount": "金额", "date": "日期", "dated_after": "开票日晚于融资日", "number": "号码", "province": "省份代码",
    "uscc": "当事人信用代码校验位", "year": "年度代码",
    "certificate": "数字债权凭证", "financing": "融资", "grown": "后手金额大于前手", "issued": "开立金额超过应收账款",
    "form": "号码书写形式", "invoices": "所含发票", "not_reported": "从未报告", "unknown": "未知",
    "known": "查询已列明在先登记，查询日", "missed": "查询晚于在先登记而未列明，查询日", "none": "未查询",
    "pool": "资产池", "red_flushed": "红冲", "reduced": "部分红冲", "registration": "登记",
    "spent": "同一份额被再次使用", "stale": "查询早于在先登记，查询日", "taken": "已消耗的份额被质押或入池",
    "voided": "作废",
    "document.registered": "单据登记", "invoice.registered": "发票登记", "package.registered": "发票打包登记",
    "account": "同一签名账户", "branch": "分支机构名称", "code": "同一主体标识码", "name": "同地同字号同行业",
    "receivable.registered": "应收账款登记",
    "told_confirmed": "税务机关确认的是后者", "told_form": "两者均有主张，前者登记在后",
    "told_neither": "税务机关对两者均未确认，前者登记在后", "told_unknown": "税务机关未确认前者",
    **wording_monitor.TERMS,
    **wording_authenticity.TERMS,
}  # fmt: skip
"""Words that details state, in Chinese."""

_TERMS_EN: Final[dict[str, str]] = {
    "account": "one signing account", "branch": "a branch's name", "code": "one entity code",
    "name": "one name but for its form",
    "dated_after": "it is dated after its financing", "province": "its number is of no province",
    "uscc": "the check sign of a party's credit code", "year": "the year in its number",
    "grown": "pieces worth more than what they were made from", "issued": "more issued than the receivable came to",
    "known": "its search had found the earlier one, on ", "missed": "its search came after and does not name it, on ",
    "form": "form of its number", "none": "it had not searched", "not_reported": "never reported",
    "reduced": "reduced by red invoices", "red_flushed": "red-flushed", "spent": "a piece used again",
    "stale": "its search came before, on ", "taken": "a consumed piece pledged or pooled",
    "told_confirmed": "the tax authority confirmed the latter", "told_form": "both are claimed, the former came later",
    "told_neither": "the tax authority knows neither as it stands, the former came later",
    "told_unknown": "the tax authority does not know the former as it stands",
    **wording_monitor.TERMS_EN,
    **wording_authenticity.TERMS_EN,
}  # fmt: skip

WORDING: Final[dict[str, Wording]] = {
    "duplicate.exact_reuse": Wording(
        "重复融资",
        "Financed twice",
        "{subject}同时为{financiers}家机构的融资提供支持：{first_party}（{first}）在先，{last_party}（{last}）在后，"
        "合计{money_fen}元，而资产价值（元）为：{worth_fen}。",
        "{subject} carries the financings of {financiers} parties at once: {first_party} ({first}), then {last_party} "
        "({last}); together {money_fen} yuan. What the asset is worth, in yuan: {worth_fen}.",
    ),
    "duplicate.over_financed": Wording(
        "超额融资",
        "Financed beyond its worth",
        "{subject}上有{financings}笔有效融资，合计{active_fen}元；票面{face_fen}元，减少{reduced_fen}元，"
        "融资前已付{paid_fen}元，超出{excess_fen}元。最后一笔的资金方为{last_party}。",
        "{financings} active financings of {subject} come to {active_fen} yuan; its face is {face_fen} yuan, of which "
        "{reduced_fen} were taken off and {paid_fen} paid before: {excess_fen} too much. The last is {last_party}'s.",
    ),
    "duplicate.cross_instrument": Wording(
        "同一资产经不同工具被主张",
        "Claimed through two instruments",
        "{subject}由{first_party}以{first_by}（{first}）主张，又由{last_party}以{last_by}（{last}）主张，涉及{claimed_fen}元。",
        "{subject} is claimed by {first_party} through a {first_by} ({first}) and by {last_party} through a {last_by} "
        "({last}), for {claimed_fen} yuan.",
    ),
    "duplicate.double_pool": Wording(
        "重复入池",
        "In two pools",
        "{subject}同时在{plans}个专项计划的资产池中：{first_plan}与{last_plan}；入池合计{held_fen}元，价值{worth_fen}元。",
        "{subject} lies in the pools of {plans} plans at once, {first_plan} and {last_plan}: {held_fen} yuan in pools, "
        "worth {worth_fen} yuan.",
    ),
    "duplicate.certificate_double_spend": Wording(
        "凭证双花",
        "Certificate spent twice",
        "{subject}的数字债权凭证有{breaches}处异常，首处为{how}，涉及{value_fen}元。",
        "Breaches in the certificate of {subject}: {breaches}, first: {how}; {value_fen} yuan in all.",
    ),
    "duplicate.red_after_finance": Wording(
        "融资后红冲",
        "Red-flushed while financed",
        "{subject}所涉发票中有{invoices}张{status}（{on}），冲减{taken_off_fen}元，剩余{left_fen}元，"
        "而{party}等尚有{out_fen}元在外；其中{reissued}张已重开。",
        "Invoices behind {subject} that are {status} ({on}): {invoices}. {taken_off_fen} yuan are gone, {left_fen} are "
        "left, and {out_fen} yuan of {party} and others are out; issued anew: {reissued}.",
    ),
    "duplicate.settled_reuse": Wording(
        "已结清资产再融资",
        "Financed after it was paid",
        "{subject}已于{settled_on}结清（已付{paid_fen}元），此后{party}仍对其融资{money_fen}元。",
        "{subject} was settled on {settled_on} ({paid_fen} yuan paid), and {party} financed {money_fen} yuan on it "
        "after that.",
    ),
    "duplicate.priority_conflict": Wording(
        "登记顺位冲突",
        "Conflicting registrations",
        "{subject}上有{registrations}项有效登记。依民法典第768条与担保制度解释第66条，先登记者优先："
        "{first_party}（{first_on}，{first}）在先，{last_party}（{last_on}，{last}）在后；后者{search}{searched_on}。",
        "{registrations} registrations of {subject} are active. By article 768 of the Civil Code the first filed comes "
        "first: {first_party} ({first_on}, {first}), then {last_party} ({last_on}, {last}): {search}{searched_on}.",
    ),
    "duplicate.altered_document": Wording(
        "票据变造",
        "Altered document",
        "{subject}（号码{number}，{face_fen}元）与{other}（号码{other_number}，{other_face_fen}元）疑为同一票据，"
        "{alteration}不同；{why}。前者之上已有融资{claimed_fen}元。",
        "{subject} (number {number}, {face_fen} yuan) seems to be {other} (number {other_number}, {other_face_fen} "
        "yuan) with another {alteration}: {why}. {claimed_fen} yuan are claimed on the former.",
    ),
    "duplicate.inflated_face": Wording(
        "虚增票面",
        "Face beyond the verified amount",
        "{subject}记载{declared_fen}元，{verifier_party}查验金额为{verified_fen}元，虚增{excess_fen}元；"
        "其上已有融资{claimed_fen}元。",
        "{subject} states {declared_fen} yuan where {verifier_party} found {verified_fen}: {excess_fen} too much. "
        "{claimed_fen} yuan are claimed on it.",
    ),
    "duplicate.impossible_fields": Wording(
        "票面要素矛盾",
        "Impossible fields",
        "{subject}（号码{number}，开票日{issued}）有{contradictions}处要素矛盾，首处为{which}；其上已有融资{claimed_fen}元。",
        "Contradictions in {subject} (number {number}, issued {issued}): {contradictions}, first: {which}. "
        "{claimed_fen} yuan are claimed on it.",
    ),
    "duplicate.structuring": Wording(
        "拆分开票",
        "Structured invoices",
        "自{subject}起，{issued}同一购销双方连续开具{invoices}张发票（号码{first_number}至{last_number}），"
        "每张均略低于{limit_fen}元，合计{total_fen}元，没有金额足够的订单或合同可以解释；其上已有融资{claimed_fen}元。",
        "From {subject} on, {invoices} invoices of {issued} follow each other ({first_number} to {last_number}), each "
        "just under {limit_fen} yuan, together {total_fen}; no order or contract of that amount explains it. "
        "{claimed_fen} yuan are claimed on them.",
    ),
    "duplicate.batch_replay": Wording(
        "批次重放",
        "Package replayed",
        "{subject}的{invoices}张发票中有{shared}张（{shared_fen}元）已在{others}个先登记的发票包中，首个为{other}，"
        "与其重合{overlap_percent}%；相关融资{claimed_fen}元。",
        "{shared} of the {invoices} invoices of {subject} ({shared_fen} yuan) had been registered in packages before "
        "({others} of them, first {other}, which it overlaps by {overlap_percent} per cent); {claimed_fen} yuan are "
        "claimed.",
    ),
    "duplicate.contract_over": Wording(
        "超合同开票融资",
        "Beyond the contract",
        "{subject}（编号{number}）金额{amount_fen}元，其下{invoices}张发票价税合计{invoiced_fen}元（不含税{untaxed_fen}元），"
        "以合同本身融资{lent_fen}元，超出{excess_fen}元；其下已有融资{at_stake_fen}元。",
        "{subject} (number {number}) is for {amount_fen} yuan; invoices under it ({invoices}) come to {invoiced_fen} "
        "({untaxed_fen} without tax), loans on it to {lent_fen}: {excess_fen} too much; {at_stake_fen} are claimed.",
    ),
    "duplicate.warehouse_over": Wording(
        "仓单超库存",
        "Receipts beyond the stock",
        "{warehouse_party}的{location}（批次{lot}）有{goods}{receipts}张有效仓单，合计{quantity}{unit}，其中{pledged}张已质押；"
        "仓库报告的库存：{stock}。",
        "Receipts for {goods} in {location}, lot {lot}, of {warehouse_party}: {receipts}, together {quantity} {unit}, "
        "{pledged} of them pledged; stock reported by the warehouse: {stock}.",
    ),
    "duplicate.phantom_debtor": Wording(
        "虚构债务人",
        "Phantom debtor",
        "{seller_party}对{debtor_party}的已融资应收账款中，有{claims}笔共{unsupported_fen}元（{share_percent}%）既无债务人确权、"
        "税务查验、付款，也无货物流转佐证；有佐证的为{supported_fen}元。",
        "Of what {seller_party} financed against {debtor_party}, receivables of {unsupported_fen} yuan ({claims} of "
        "them, {share_percent} per cent) have no confirmation, verification, payment or movement of goods; "
        "{supported_fen} yuan have.",
        (
            (
                "其中{others_confirmed}笔的确权并非债务人以自己的密钥作出，首笔以{confirmed_party}名义，由账户{signer}签署。",
                (
                    " {others_confirmed} of them were confirmed, but not by the debtor with its own key: the first in "
                    "the name of {confirmed_party}, signed by the account {signer}."
                ),
            ),
            ("该账户当时属于{signer_party}。", " That was an account of {signer_party}."),
        ),
    ),
    "duplicate.sealed_match": Wording(
        "密文记录指向同一标识",
        "Sealed records name one thing",
        "{records}条{kind}记录的{field}指纹相同，其中{sealed}条在本节点不可读。",
        "{records} records of {kind} show one fingerprint of {field}; {sealed} of them are sealed here.",
    ),
    "duplicate.circular_trade": Wording(
        "循环贸易",
        "Circular trade",
        "{goods}自{first_on}起由{first_party}售出，{days}天内经{legs}手由{last_party}售回，首尾金额{first_fen}元与{last_fen}元；"
        "{moved}手有运单或仓储单据，{financed}手已融资或入池，在外资金{money_fen}元。共涉及{trades}笔交易。",
        "{goods}, sold by {first_party} on {first_on}, came back to it within {days} days over {legs} sales, the last "
        "by {last_party}, for {first_fen} yuan first and {last_fen} yuan last; sales with goods on their way: {moved}, "
        "financed or pooled: {financed}, with {money_fen} yuan out. Trades in all: {trades}.",
    ),
    "duplicate.related_loop": Wording(
        "关联闭环交易",
        "Related loop",
        "{up_party}售予{middle_party}（{bought_fen}元），{middle_party}又售予{down_party}（{sold_fen}元），而上下游为同一控制"
        "（依据：{how}）；{undisclosed}笔应收账款声明非关联，{told}笔已披露，在外资金{money_fen}元，共{trades}笔交易。",
        "{up_party} sold to {middle_party} for {bought_fen} yuan, and {middle_party} to {down_party} for {sold_fen} "
        "yuan, while both ends are under one control (by {how}); receivables that deny it: {undisclosed}, that "
        "disclose it: {told}; {money_fen} yuan are out on {trades} trades.",
    ),
    "network.hub": Wording(
        "过手贸易枢纽",
        "Pass-through hub",
        "{party}在{quarter}自{sellers}家购入的{passed}笔货物随即转售予{buyers}家：购入{into_fen}元（占购入{in_share}%），"
        "售出{out_fen}元（占售出{out_share}%）。",
        "{party} passed on at once what it bought in {quarter}: {passed} trades from {sellers} sellers to {buyers} "
        "buyers, {into_fen} yuan in ({in_share}% of its purchases), {out_fen} yuan out ({out_share}% of its sales).",
    ),
    **{rule: Wording(*words, wording_monitor.MORE.get(rule, ())) for rule, words in wording_monitor.SENTENCES.items()},
    **{rule: Wording(*words) for rule, words in wording_authenticity.SENTENCES.items()},
}
"""By rule."""


def title(rule: str, language: Language) -> str:
    """Return a rule's title; KeyError for a rule without one."""
    found = WORDING[rule]
    return found.title_zh if language == "zh" else found.title_en


def is_rounded(rule: str) -> bool:
    """Whether a rule tells its amounts to two significant digits; one that is not known here tells them exactly."""
    return rule in RULES and RULES[rule].rounded


def told_amount(fen: int, rule: str, language: Language) -> str:
    """Return an amount of a rule's finding in yuan: ``1,234.50``, and ``约2,100,000`` where the rule rounds it."""
    sign, whole = "-" if fen < 0 else "", abs(fen)
    if not is_rounded(rule):
        return f"{sign}{whole // 100:,}.{whole % 100:02d}"
    part = f".{whole % 100:02d}" if whole % 100 else ""
    return f"{ABOUT[language]}{sign}{whole // 100:,}{part}"


def used_by(sentence: str) -> set[str]:
    """Return the names that a sentence uses."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def explain(signal: Signal, language: Language, names: Mapping[str, str] | Callable[[str], str]) -> str:
    """Return what a signal says, in a sentence; ``names`` tells a member's name, an unknown one is told by its id."""
    found = WORDING[signal.rule]
    amount = told_amount(signal.amount, signal.rule, language)
    told = {"subject": _thing(signal.subject, language), "amount": amount}
    for name, value in signal.details:
        if isinstance(value, str):
            told[name] = _told(name, value, language, names)
        elif name.endswith("_fen"):
            told[name] = told_amount(value, signal.rule, language)
        else:
            told[name] = str(value) if name in UNGROUPED else f"{value:,}"
    at = 0 if language == "zh" else 1
    more = [each[at] for each in found.more if used_by(each[at]) <= told.keys()]
    rounded = ROUNDED[language] if is_rounded(signal.rule) else ""
    return "".join(((found.sentence_zh, found.sentence_en)[at], *more)).format(**told) + rounded


def _told(name: str, value: str, language: Language, names: Mapping[str, str] | Callable[[str], str]) -> str:
    if name == "party" or name.endswith("_party"):
        return names(value) if callable(names) else names.get(value, value)
    if name in WRITTEN:
        return value
    terms = _TERMS if language == "zh" else _TERMS_EN
    return terms.get(value) or _thing(value, language)


def _thing(text: str, language: Language) -> str:
    """Return ``<kind> <id>`` with its kind in the language; other text as it is."""
    kind, space, name = text.partition(" ")
    return f"{KINDS[kind]}{name}" if language == "zh" and space and kind in KINDS else text
