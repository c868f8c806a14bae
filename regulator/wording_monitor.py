"""What the monitor's findings say, in Chinese and English, in the form of ``regulator.wording``."""

from __future__ import annotations

from typing import Final

__all__ = ["KINDS", "MORE", "SENTENCES", "TERMS", "TERMS_EN"]

KINDS: Final[dict[str, str]] = {
    "amendment": "条款变更", "asset": "基础资产", "collection": "归集款", "criterion": "合格标准",
    "disclosure": "披露文件", "duty": "披露义务", "limit": "集中度限制", "loss": "资产损失", "paper": "基础资产发票",
    "participant": "参与机构",
    "period": "收益分配期", "remittance": "转付日", "role": "参与机构", "statement": "对账单", "trigger": "触发事件",
}  # fmt: skip

TERMS: Final[dict[str, str]] = {
    "abnormal": "异常", "accelerated": "加速清偿期", "acceleration": "加速清偿",
    "acceleration_declared": "已宣布加速清偿", "amortising": "摊还期",
    "asset_quality": "资产质量下降", "attention": "一般关注", "collection_failed": "归集异常", "creditor": "债权人",
    "creditor_group": "债权人及关联方", "custodian": "托管人", "date_missed": "未按期分配", "debtor": "债务人",
    "debtor_group": "债务人及关联方", "default": "违约", "default_declared": "已宣布违约", "defaulted": "违约期",
    "early_termination": "提前终止", "flag": "提示", "focus": "重点关注", "forecast_short": "预测现金流不足",
    "freeze": "冻结",
    "holds": "已满足", "late": "已逾期披露", "lowered": "预测下调至", "manager": "管理人", "near": "接近阈值",
    "originators": "原始权益人", "overdue": "逾期未披露", "participant_breach": "参与人违约", "region": "地区",
    "replacement_failed": "循环购买中止", "revolving": "循环期", "revolving_ended": "循环期提前结束", "risk": "风险",
    "servicer": "资产服务机构", "shelf": "储架", "shortfall": "实际收到", "passed_on": "再次转让",
    "trigger_missed": "已触发的事件未执行", "fee_twice": "费用重复支付", "recorded_twice": "付款重复记录",
    "wrong_order": "支付顺序有误", "junior_early": "次级提前还本", "step_skipped": "遗漏步骤",
    "wrong_state": "适用状态有误", "unexplained": "原因不明", "rounding": "尾数处理有误", "wrong_date": "计息日期有误",
    "day_count": "计息基准有误", "fee_base": "费用基数有误", "arrears_forgotten": "漏付前期欠款",
    "not_recomputed": "条款无法适用", "another_period": "记入其他期次", "off_schedule": "非约定兑付日",
}  # fmt: skip

TERMS_EN: Final[dict[str, str]] = {
    "accelerated": "acceleration", "amortising": "amortisation", "another_period": "counted in another period",
    "arrears_forgotten": "arrears were left out", "day_count": "another count of days", "defaulted": "default",
    "fee_base": "another base of a fee", "fee_twice": "a fee was paid twice", "flag": "a notice",
    "junior_early": "junior principal was paid early", "not_recomputed": "the terms could not be applied",
    "off_schedule": "on a day that is no payment date", "passed_on": "further transfer",
    "recorded_twice": "a payment was recorded twice", "step_skipped": "a step was left out",
    "trigger_missed": "a trigger that held was not acted on", "wrong_date": "interest counted to another day",
    "wrong_order": "paid in another order", "wrong_state": "paid as in another state",
    "acceleration_declared": "an acceleration was declared", "asset_quality": "the quality of the assets",
    "collection_failed": "collected cash was held back", "creditor_group": "creditor with affiliates",
    "date_missed": "a payment date was missed", "debtor_group": "debtor with affiliates",
    "default_declared": "a default was declared", "early_termination": "early termination",
    "forecast_short": "forecast cash does not cover the next payment", "late": "filed late",
    "lowered": "the forecast was lowered to", "near": "is near", "overdue": "not filed",
    "participant_breach": "a participant broke the documents", "replacement_failed": "purchases ended early",
    "revolving_ended": "end of the revolving period", "shortfall": "it brought",
}  # fmt: skip

MORE: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "monitor.disclosure": (
        ("披露于{filed}，迟{late_days}个交易日。", " It was filed on {filed}; trading days late: {late_days}."),
    ),
}
"""By rule: sentences told where a signal has all their details."""


def _said(*words: str) -> tuple[str, str, str, str]:
    """The four texts of a rule: title and sentence in Chinese and in English."""
    title_zh, title_en, sentence_zh, sentence_en = words
    return title_zh, title_en, sentence_zh, sentence_en


SENTENCES: Final[dict[str, tuple[str, str, str, str]]] = {
    "monitor.asset_loss": _said(
        "资产损失累计每超过10%",
        "Losses passed a further 10%",
        "{plan}在{year}年度累计损失{lost_fen}元，超过未偿本金{unpaid_fen}元的{step}（占{share}）。依据{article}。",
        "Plan {plan} lost {lost_fen} yuan in {year}, more than {step} of the {unpaid_fen} yuan that are unpaid "
        "({share}). "
        "By {article}.",
    ),
    "monitor.cash_flow": _said(
        "基础资产现金流低于预测",
        "Cash flow below its forecast",
        "{plan}第{period}期（{days_from}至{days_to}）{state}{actual_fen}元，为原预测{forecast_fen}元的{share}，不高于{limit}。"
        "依据{article}。",
        "Period {period} of plan {plan} ({days_from} to {days_to}): {state} {actual_fen} yuan of the {forecast_fen} "
        "yuan "
        "forecast, {share} and so not above {limit}. By {article}.",
    ),
    "monitor.asset_claimed": _said(
        "基础资产权属变化或权利受限",
        "An asset of a pool is claimed by another",
        "{subject}上存在{claims}项他方权利，首项为{holder_party}的{how}（{first}）；该资产未偿{owed_fen}元。依据{article}。",
        "Claims of others on {subject}: {claims}, first {holder_party}'s {how} ({first}); {owed_fen} yuan of it are "
        "owed. By {article}.",
    ),
    "monitor.invoice_status": _said(
        "入池或融资资产的发票状态变化",
        "An invoice under a pool or financing is not normal",
        "{invoice}（{invoice_fen}元）自{on}起{status}，其{receivable}在{pools}个资产池、{financings}笔融资中；"
        "正常发票余{left_fen}元，对应债权{claimed_fen}元。依据{article}。",
        "{invoice} ({invoice_fen} yuan) is {status} since {on}; pools that hold {receivable}: {pools}, financings on "
        "it: {financings}. Normal invoices of {left_fen} yuan are left under a claim of {claimed_fen} yuan. By "
        "{article}.",
    ),
    "monitor.cash_held_back": _said(
        "回款滞留",
        "Collections held back",
        "{plan}应于{due}转付此前（至{upto}）归集的款项，{servicer_party}少转{short_fen}元。依据{article}。",
        "What plan {plan} had collected up to {upto} was due to be passed on by {due}: {servicer_party} passed on "
        "{short_fen} yuan too little. By {article}.",
    ),
    "monitor.collection_cycle": _said(
        "归集周期过长",
        "Collected cash waits too long",
        "{plan}于{collected}归集的款项超过{months}个月未转付，{servicer_party}处滞留{waiting_fen}元。依据{article}。",
        "What plan {plan} collected on {collected} was not passed on within the limit (months: {months}): "
        "{waiting_fen} yuan wait with {servicer_party}. By {article}.",
    ),
    "monitor.idle_cash": _said(
        "循环期资金闲置",
        "Idle cash while the plan revolves",
        "{plan}在循环期内闲置资金{idle_fen}元，约占未偿本金{share}，连续{days}日超过{limit}。依据{article}。",
        "Plan {plan} has {idle_fen} yuan idle in its revolving period, about {share} of what is unpaid, and has "
        "had more than {limit} for {days} days. By {article}.",
    ),
    "monitor.revolving_ended": _said(
        "循环期提前结束",
        "The revolving period ended early",
        "{plan}因{event}提前结束循环购买，距原定{until}早{days}日；原因：{reason}。依据{article}。",
        "Plan {plan} stopped purchases by {event}, {days} days before {until}: {reason}. By {article}.",
    ),
    "monitor.ineligible_entry": _said(
        "不合格资产入池",
        "Assets came in that do not meet a criterion",
        "{plan}有{assets}项资产入池时不符合“{text}”，首项{first}（值为{value}），合计{amount_fen}元。依据{article}。",
        "Assets of plan {plan} that did not meet “{text}” when they came in: {assets}, first {first} (it was {value}); "
        "together {amount_fen} yuan. By {article}.",
    ),
    "monitor.ineligible_now": _said(
        "入池资产不再合格",
        "Assets do not meet a criterion any more",
        "{plan}有{assets}项未结清资产不再符合“{text}”，首项{first}（值为{value}），合计{amount_fen}元。依据{article}。",
        "Open assets of plan {plan} that do not meet “{text}” any more: {assets}, first {first} (it is {value}); "
        "together {amount_fen} yuan. By {article}.",
    ),
    "monitor.concentration": _said(
        "集中度超限",
        "A concentration limit is exceeded",
        "{plan}有{members}个{by}超过{limit}的限额，合计超出{excess_fen}元；首个为{first_party}，持有{held_fen}元。依据{article}。",
        "Plan {plan} is beyond its limit of {limit} on one {by} by {excess_fen} yuan in all; beyond it: {members}, "
        "first {first_party} with {held_fen} yuan. By {article}.",
    ),
    "monitor.diversification": _said(
        "债务人、债权人分散度不足",
        "Too few unrelated parties",
        "{plan}有{debtors}个无关联债务人、{creditors}个无关联债权人，低于{least}个，或单一债务人{largest_party}超过{most}。依据{article}。",
        "Plan {plan} has {debtors} unrelated debtors and {creditors} unrelated creditors, where {least} of one are "
        "asked for with none above {most}; the largest is {largest_party}. By {article}.",
    ),
    "monitor.related_party": _said(
        "原始权益人及其关联方占比过高",
        "The originators and affiliates owe too much",
        "{plan}的原始权益人及其关联方应付{owed_fen}元，超过资产池的{limit}（约{share}）。依据{article}。",
        "The originators of plan {plan} and their affiliates owe {owed_fen} yuan, more than {limit} of the "
        "pool (about {share}). By {article}.",
    ),
    "monitor.important_provider": _said(
        "重要现金流提供方",
        "Significant cash-flow providers",
        "{plan}有{providers}个重要现金流提供方，首个为{first_party}；按未来现金流口径{by_cash_flow}个，按未偿本金口径{by_principal}个。"
        "依据{article}。",
        "Significant payers of plan {plan}: {providers}, first {first_party}; {by_cash_flow} by unpaid future cash "
        "flow, {by_principal} by unpaid principal. By {article}.",
    ),
    "monitor.coverage": _said(
        "资产不足覆盖证券本金",
        "Pool and cash below what is unpaid",
        "{plan}（{state}）的资产及现金比未偿本金（{owed_fen}元）少{short_fen}元，约覆盖{covered}。依据{article}。",
        "Pool and cash of plan {plan} ({state}) are {short_fen} yuan less than what is unpaid, {owed_fen} yuan: "
        "they cover about {covered}. By {article}.",
    ),
    "monitor.trigger": _said(
        "触发事件或临近触发",
        "A trigger holds or is near",
        "{plan}的“{name}”{state}：{measure}约为{value}，阈值{threshold}，连续{periods}期触发{effect}。依据{article}。",
        "Trigger “{name}” of plan {plan} {state}: {measure} is about {value}, its condition {threshold}; periods in a "
        "row until {effect}: {periods}. By {article}.",
    ),
    "monitor.participant_changed": _said(
        "参与人变更",
        "A participant changed",
        "{plan}的{role}由{old_party}变更为{new_party}，自{effective}生效。依据{article}。",
        "The {role} of plan {plan} is {new_party} instead of {old_party}, from {effective} on. By {article}.",
    ),
    "monitor.participant_suspended": _said(
        "参与人被暂停",
        "A participant is suspended",
        "{plan}的{role}{old_party}自本联盟链被暂停（担任{roles}项职责），尚无接替机构。依据{article}。",
        "The {role} of plan {plan}, {old_party}, is suspended from the ledger, and nobody took over (roles of it: "
        "{roles}). By {article}.",
    ),
    "monitor.distribution_differs": _said(
        "收益分配变动",
        "A distribution is not as agreed",
        "{plan}第{period}期（{paid_on}）的分配与约定不符（{cause}），差异合计{difference_fen}元。依据{article}。",
        "Period {period} of plan {plan} ({paid_on}) was not paid as agreed ({cause}), by {difference_fen} yuan: "
        "{message}. "
        "By {article}.",
    ),
    "monitor.terms_amended": _said(
        "文件主要约定变更",
        "The terms were amended",
        "{plan}的条款变更{changed}处（{places}），自{effective}生效；原因：{reason}。依据{article}。",
        "The terms of plan {plan} were amended from {effective} on (places: {changed}, {places}): {reason}. By "
        "{article}.",
    ),
    "monitor.terms_unusable": _said(
        "条款无法解读",
        "The terms cannot be read",
        "{plan}在账本上的条款无法解读，只能依据其记录监测：{why}。依据{article}。",
        "The terms of plan {plan} cannot be read, and it is watched by its records alone: {why}. By {article}.",
    ),
    "monitor.risk_retention": _said(
        "风险自留不足",
        "Too little risk is retained",
        "{plan}的原始权益人持有{kept_fen}元，占发行{issue_fen}元的{share}，低于{least}。依据{article}。",
        "The originators of plan {plan} hold {kept_fen} yuan of {issue_fen} yuan, {share} and less than {least}. By "
        "{article}.",
    ),
    "monitor.statement_differs": _said(
        "托管账户与账本不符",
        "The custodian's statement differs from the ledger",
        "{plan}的账户{account}在{days_from}至{days_to}：{custodian_party}对账单收{stated_in_fen}元、付{stated_out_fen}元，"
        "账本收{ledger_in_fen}元、付{ledger_out_fen}元。依据{article}。",
        "Account {account} of plan {plan} from {days_from} to {days_to}: {custodian_party} states {stated_in_fen} "
        "yuan in "
        "and {stated_out_fen} out, the ledger {ledger_in_fen} in and {ledger_out_fen} out. By {article}.",
    ),
    "monitor.disclosure": _said(
        "信息披露逾期",
        "A disclosure is late",
        "{plan}的{duty_zh}（事项{event}）{state}：期限{deadline}，义务人{party}。依据{article}。",
        "The {duty_en} of plan {plan} (of {event}) is {state}: due {deadline}, obliged is {party}. By {article}.",
    ),
    "monitor.risk_class": _said(
        "信用风险分类建议",
        "Suggested class of credit risk",
        "{plan}建议分类为{risk_class}，依据：{limb}（{article}）。",
        "For plan {plan} the class of credit risk “{risk_class}” is suggested: {limb} ({article}).",
    ),
}
"""By rule: title and sentence in Chinese and English."""
