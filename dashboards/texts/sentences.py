"""What the engine says in sentences of its own, formulas among them, in Chinese and English.

The English is the engine's sentence with its values in braces, by which ``dashboards.texts.engine`` finds it. What a
place is called says what stands there: ``figure`` a measure, ``figures`` several joined by "and", ``said`` a sentence
of this table, ``saids`` several, ``state``, ``rounding``, ``by``, ``item``, ``parts`` words of the engine, ``number``,
``date`` and ``op`` what they say, anything else a name of the deal.
"""

from __future__ import annotations

from typing import Final

__all__ = ["SENTENCES"]

#: (Chinese, English)
SENTENCES: Final[tuple[tuple[str, str], ...]] = (
    # joined
    ("{said}：{said2}", "{said}: {said2}"),
    ("{said}；{said2}", "{said}; {said2}"),
    ("{figure} / {figure2}", "{figure} / {figure2}"),
    ("{figure} + {said}", "{figure} + {said}"),
    ("{figure}", "{figure}"),
    ("{number}", "{number}"),
    # why there is no answer
    ("{figure}无法计算", "{figure} is undefined"),
    ("{figures}无法计算", "{figures} undefined"),
    ("无余额", "no balance"),
    ("尚无资产入池", "nothing came so far"),
    ("无可回收金额", "nothing to collect"),
    ("无预测", "nothing was forecast"),
    ("无未偿债务", "nothing is owed"),
    ("NRPB 为 0", "NRPB is 0"),
    ("{text} 无赊销", "no sales in {text}"),
    ("{text} 之前不足 {number} 期", "no period {number} before {text}"),
    ("截至 {date} 尚无资产入池", "nothing was in the pool by {date}"),
    ("资产池设立以来尚无完整月份", "no month is over since the pool began"),
    ("只有 {number} 个月，需要 {number2} 个月", "there are {number} of {number2} months"),
    ("资产池于 {text} 期间设立", "the pool began within {text}"),
    ("{text} 尚未结束", "{text} is not over"),
    ("各月均无可比赊销", "none of them has sales to compare with"),
    # formulas of a pool
    ("未结清资产未偿金额之和", "sum of outstanding over open assets"),
    ("全部入池资产初始金额之和", "sum of original amount over all assets that ever came in"),
    ("在池资产初始金额之和", "sum of original amount over the assets in the pool"),
    ("未结清资产笔数", "number of open assets"),
    (
        "∑(未偿 × 距到期天数，逾期计 0) / ∑未偿",
        "sum of (outstanding x days to due, 0 once past due) / sum of outstanding",
    ),
    ("∑(未偿 × 开票后天数) / ∑未偿", "sum of (outstanding x days since invoiced) / sum of outstanding"),
    (
        "∑(未偿 × 距到期天数，逾期计 0) / 365 / ∑未偿",
        "sum of (outstanding x days to due, 0 once past due) / 365 / sum of outstanding",
    ),
    (
        "∑(未偿 × 利率) / ∑未偿，限载明利率的资产",
        "sum of (outstanding x rate) / sum of outstanding, where a rate is stated",
    ),
    ("∑(债务人未偿 / 合计)²", "sum over debtors of (outstanding of the debtor / total)^2"),
    ("非关联债务人户数", "number of unrelated debtors"),
    ("非关联债权人户数", "number of unrelated creditors"),
    ("按{by}超额", "excess by {by}"),
    ("按{by}超额 + {said}", "excess by {by} + {said}"),
    ("min(合格资产余额, {said})", "min(eligible balance, {said})"),
    ("0，条款未设限额", "0, as there is no limit"),
    ("符合全部合格标准的未偿金额之和", "sum of outstanding that meets all criteria"),
    # formulas of metrics and reserves
    ("{date} 之后至 {date2} 的付款之和", "sum of payments after {date}, until {date2}"),
    ("合格资产余额 − 超额集中度金额", "eligible balance - excess concentration"),
    ("当期违约 / {number} 期前赊销", "defaulted_t / sales_(t-{number})"),
    ("当期稀释 / {number} 期前赊销", "dilution_t / sales_(t-{number})"),
    (
        "当期违约 / {number} 期前赊销，{text} 违约 / {text2} 赊销",
        "defaulted_t / sales_(t-{number}), defaulted in {text} / sales of {text2}",
    ),
    (
        "当期稀释 / {number} 期前赊销，{text} 稀释 / {text2} 赊销",
        "dilution_t / sales_(t-{number}), dilution in {text} / sales of {text2}",
    ),
    ("余额 / 赊销 × {number} 天", "balance / sales x {number} days"),
    (
        "NRPB × (max(损失 + 稀释, 下限 + 最低稀释) + 收益储备 {number} + 服务费储备 {number2})，进位到分",
        (
            "NRPB x (max(loss + dilution, floor + minimum dilution) + {number} yield + {number2} servicing), rounded "
            "up to the fen"
        ),
    ),
    (
        "{number2} 个月中 {number} 个月稀释率的平均，{text}",
        "mean dilution ratio of {number} of {number2} months, {text}",
    ),
    (
        "{number2} 个月中 {number} 个月稀释率的最高，{text}",
        "highest dilution ratio of {number} of {number2} months, {text}",
    ),
    (
        "{number2} 个月中 {number} 个月的 {number3} 个月平均违约率的最高，{text}",
        "highest {number3}-month average default ratio of {number} of {number2} months, {text}",
    ),
    ("{number} 个月稀释率的平均", "mean dilution ratio of {number} months"),
    ("{number} 个月稀释率的最高", "highest dilution ratio of {number} months"),
    (
        "{number2} 个月中 {number} 个月平均违约率的最高",
        "highest {number}-month average default ratio of {number2} months",
    ),
    ("max(0, HDR − ADR) × HDR / ADR", "max(0, HDR - ADR) x HDR / ADR"),
    ("最近 {number} 个月赊销 / NRPB", "sales of the last {number} months / NRPB"),
    ("({number} × ADR + DVC) × DHR", "({number} x ADR + DVC) x DHR"),
    ("ADR × DHR", "ADR x DHR"),
    ("{number} × 最高平均违约率 × LHR", "{number} x peak default ratio x LHR"),
    (
        "max(D 类前 5 大, C 类前 3 大, B 类前 2 大, A 类最大) / NRPB",
        "max(5 largest of D, 3 of C, 2 of B, 1 of A) / NRPB",
    ),
    ("NRPB − 所需储备", "NRPB - required reserve"),
    ("NRPB − 所需储备 − 优先级与中间级规模", "NRPB - required reserve - capital"),
    # conditions, triggers and states
    ("{figure} = {number} {op} {number2}", "{figure} = {number} {op} {number2}"),
    ("{figure} = {number} {op} {figure2} = {number2}", "{figure} = {number} {op} {figure2} = {number2}"),
    ("触发事件 {name} 生效：{said}，连续 {number} 期", "trigger {name} on: {said}, {number} in a row"),
    ("触发事件 {name} 解除：{said} 不再成立", "trigger {name} off: not {said}"),
    ("触发事件 {name} 未测试：{said}", "trigger {name} not tested: {said}"),
    ("状态由{state}转为{state2}", "state {state} -> {state2}"),
    ("账户 {name} 透支 {number} 分", "account {name} overdrawn by {number} fen"),
    ("目标额不能取自{figure}", "a target cannot follow from {figure}"),
    (
        "账本未记录本计划的费用，条款亦非文件：费用不计",
        "the ledger records no fee of this plan, and its terms are no document: fees are left out",
    ),
    # what differs from the terms
    ("计划 {name} 第 {number} 期", "plan {name} period {number}"),
    (
        "费用 {name}：应付 {number}，另又支付 {number2}",
        "fee {name}: {number} is due, and {number2} was paid besides",
    ),
    ("{parts}的尾数按{rounding}处理，条款为{rounding2}", "{parts} rounded {rounding}, and the terms say {rounding2}"),
    (
        "{name} 的收益尾数按{rounding}处理，条款为{rounding2}",
        "interest of {name} rounded {rounding}, and the terms say {rounding2}",
    ),
    (
        "费用 {name} 的尾数按{rounding}处理，条款为{rounding2}",
        "fee {name} rounded {rounding}, and the terms say {rounding2}",
    ),
    (
        "{name} 按比例分配的尾差归 {text} 而非 {text2}",
        "{name} was shared with the fen that do not divide for {text}, not {text2}",
    ),
    (
        "重复记录：{entries}；除此之外均与条款一致",
        "recorded more than once: {entries}; without that all is by the terms",
    ),
    ("{item} {number}", "{item} {number}"),
    ("{parts}按 {text} 计算，条款为 {text2}", "{parts} counted by {text}, and the terms say {text2}"),
    (
        "{parts}计息{said}：计 {number} 天，应计 {number2} 天",
        "{parts} counted {said}: {number} days are counted, {number2} are due",
    ),
    ("至 {date}（{said}）", "to {date}, {said}"),
    ("自 {date}（{said}）", "from {date}, {said}"),
    ("自 {date}（{said}）至 {date2}（{said2}）", "from {date}, {said}, to {date2}, {said2}"),
    ("至 {date} 而非 {date2}", "to {date} instead of {date2}"),
    ("前一交易日", "the trading day before"),
    ("后一交易日", "the trading day after"),
    ("条款所定兑付日", "the payment date of the terms"),
    ("顺延前的兑付日", "the payment date before it is rolled"),
    ("顺延前的日期", "its date before it is rolled"),
    ("计算日", "the calculation date"),
    ("权益登记日", "the record date"),
    ("前一日", "the day before"),
    ("后一日", "the day after"),
    ("封包日", "the cut-off date"),
    ("费用 {name} 未按上限支付", "fee {name} was paid without its cap"),
    ("费用 {name} 应一次性支付而重复支付", "fee {name} is due once, and was paid again"),
    ("费用 {name} 以{figure}为基数，条款为{figure2}", "fee {name} was taken of {figure}, and its base is {figure2}"),
    ("前期欠款未付：{items}", "arrears of earlier periods were not paid: {items}"),
    (
        "{item}：已付 {number}，应付 {number2}，其余差异由此而来",
        "{item}: {number} was paid, and {number2} is due; everything else follows from it",
    ),
    (
        "{item}：已付 {number}，应付 {number2}，其余均无差异",
        "{item}: {number} was paid, and {number2} is due; all else is right",
    ),
    ("{item}：已付 {number}，条款无此费用", "{item}: {number} was paid, and the terms know no such fee"),
    ("{name} 先于 {name2} 支付", "{name} was paid before {name2}"),
    ("{name} 后于 {name2} 支付", "{name} was paid after {name2}"),
    ("{name} 与 {name2} 顺序颠倒", "{name} and {name2} were swapped"),
    ("{name} 按比例而非按顺序支付", "{name} was paid pro rata, not in order"),
    ("{name} 按顺序而非按比例支付", "{name} was paid in order, not pro rata"),
    (
        "{name} 提前还本 {number}：{text} 的本金尚未偿清",
        "{name} was repaid {number} early: principal of {text} is outstanding",
    ),
    (
        "{name} 提前取得剩余收益 {number}：{text} 的本金尚未偿清",
        "{name} had {number} early: principal of {text} is outstanding",
    ),
    ("{name} 被遗漏", "{name} was left out"),
    (
        "触发事件 {name} 自第 {number} 期起生效，本期却按未触发支付",
        "trigger {name} is on since period {number}, and the period was paid as if it were off",
    ),
    (
        "已宣告的事件在本期支付中未执行",
        "an event was declared, and the period was paid as if it were not",
    ),
    ("{declared}：本期按均未发生支付", "{declared}: the period was paid as if none of it were so"),
    (
        "本期按{state}的顺序支付，而当时状态为{state2}",
        "the period was paid by the order of the state {state}, and the state is {state2}",
    ),
    (
        "没有单一原因能够重现；最先出现差异的是{item}（{payer}）：按条款 {number}，按账本 {number2}",
        (
            "no single cause reproduces it; the first that differs is {item}, paid by {payer}: {number} by the terms, "
            "{number2} by the records"
        ),
    ),
    (
        "于 {date} 支付，条款最近的兑付日为 {date2}",
        "it was paid on {date}, and the nearest payment date of the terms is {date2}",
    ),
    (
        "条款所定兑付日 {date} 没有任何支付：按条款应付 {number}",
        "nothing was paid on {date}, a payment date of the terms: {number} is by the terms",
    ),
    ("记入其他期次，按日期计入本期：{saids}", "recorded for another period, and counted by its day: {saids}"),
    ("第 {number2} 期{item} {number}", "{item} {number} of period {number2}"),
    ("计划 {name} 在{state}没有分配顺序", "plan {name} has no waterfall for the state {state}"),
    ("规则 {name} 使用的账户 {text} 不存在", "rule {name} pays by an account {text} that there is not"),
    ("规则 {name} 需要差额支付承诺人，条款未载明", "rule {name} needs a promisor, and the terms name none"),
    ("规则 {name} 止于 {text}，其后并无此规则", "rule {name} runs until {text}, which is no rule after it"),
    # scenarios that come with the program
    ("与资产池自身历史相同。", "As the pool's own history was."),
    (
        "违约为历史的两倍且不低于 1%，回收为历史的四分之三，付款推迟 15 天。",
        "Defaults twice history and at least 1%, three quarters of its recoveries, payments 15 days later.",
    ),
    (
        "违约为历史的四倍且初期不低于 8%，回收为历史的一半且迟一年，停止循环购买。",
        "Defaults four times history and at least 8% at first, half of its recoveries a year late, no more purchases.",
    ),
)
