"""Every text of a report, in Chinese and English, by key: the one table renderers take their words from."""

from __future__ import annotations

__all__ = ["WORDS", "both", "english", "known", "word"]

_TEXT = """
report.distribution | 收益分配报告 | Distribution report
section.distribution | 收益分配 | Distribution
section.pool | 基础资产池 | Asset pool
section.assets | 基础资产明细 | Pool assets
section.cash | 现金 | Cash
section.lineage | 溯源 | Lineage
section.evidence | 账本依据 | The ledger these figures stand on
sheet.distribution | 分配 | Distribution
sheet.pool | 资产池 | Pool
sheet.assets | 资产明细 | Assets
sheet.cash | 现金 | Cash
sheet.lineage | 溯源 | Lineage
table.terms | 分配概要 | Outline
table.tranches | 各档证券 | Tranches
table.payments | 本期兑付 | Payments of this period
table.interest | 收益复算 | Interest recomputed
table.ranks | 按级别汇总 | By rank
table.per_unit | 每份兑付 | Per unit
table.past | 历次兑付 | Payments so far
table.pool | 资产池变动 | Movement of the pool
table.aging | 逾期分布 | Delinquency
table.assets | 期末未结清资产 | Assets open at the end of the period
table.cash | 专项计划账户变动 | Movement of the plan's cash
table.collections | 归集 | Collections
table.remittances | 转付 | Remittances
table.lineage | 数值、公式与记录 | Figures, formulas and records
column.item | 项目 | Item
column.value | 数值 | Value
column.tranche | 证券 | Tranche
column.code | 代码 | Code
column.rank | 级别 | Rank
column.repayment | 还本方式 | Repayment
column.rate | 预期收益率 | Expected yield
column.maturity | 预期到期日 | Expected maturity
column.principal | 原始本金 | Original principal
column.units | 份数 | Units
column.principal_of_original | 本金占初始比例 | Principal / original
column.principal_of_opening | 本金占期初比例 | Principal / opening
column.accrual_start | 计息起日（含） | Accrual from (incl.)
column.days | 计息天数 | Days
column.opening | 期初余额 | Opening balance
column.principal_paid | 本期兑付本金 | Principal paid
column.interest_paid | 本期兑付收益 | Interest paid
column.total_paid | 本期兑付合计 | Total paid
column.closing | 期末余额 | Closing balance
column.interest_expected | 应付收益 | Interest due
column.interest_arrears | 此前未付收益 | Arrears of interest
column.interest_difference | 差异 | Difference
column.principal_per_unit | 每份本金 | Principal per unit
column.interest_per_unit | 每份收益 | Interest per unit
column.total_per_unit | 每份合计 | Total per unit
column.face_after | 兑付后面额 | Face after payment
column.period | 期次 | Period
column.paid_on | 兑付日 | Paid on
column.interest | 收益 | Interest
column.principal_repaid | 本金 | Principal
column.principal_share | 本金占初始比例 | Principal / original
column.amount | 金额（元） | Amount (CNY)
column.bucket | 逾期天数 | Days past due
column.balance | 余额 | Balance
column.count | 笔数 | Count
column.share | 占比 | Share
column.asset | 应收账款 | Receivable
column.invoices | 发票号码 | Invoices
column.creditor | 债权人 | Creditor
column.debtor | 债务人 | Debtor
column.issued | 开票日 | Invoiced
column.due | 到期日 | Due
column.assigned_on | 入池日 | Assigned
column.original | 入池金额 | Amount
column.outstanding | 未偿余额 | Outstanding
column.days_past_due | 逾期天数 | Days late
column.collection | 归集编号 | Collection
column.collected_on | 归集日 | Collected on
column.remittance | 转付编号 | Remittance
column.remitted_on | 转付日 | Remitted on
column.records | 记录 高度:交易:日志 | Record h:t:l
column.number | 序号 | No.
column.figure | 数值（表 / 行 / 列） | Figure (table / row / column)
column.unit | 单位 | Unit
column.formula | 公式 | Formula
column.inputs | 输入（序号） | Inputs (no.)
column.record_count | 记录数 | Records
column.lineage_records | 所依据的记录 | Records beneath
item.name | 专项计划 | Plan
item.code | 代码 | Code
item.venue | 挂牌场所 | Venue
item.manager | 管理人 | Manager
item.custodian | 托管人 | Custodian
item.servicer | 资产服务机构 | Servicer
item.paid_on | 兑付日 | Payment date
item.record_date | 权益登记日 | Record date
item.previous_date | 前一兑付日 | Previous payment date
item.accrual_start | 计息起日（含） | Accrual from (included)
item.accrual_end | 计息止日（不含） | Accrual to (not included)
item.days | 计息天数 | Days of accrual
item.day_count | 计息基准 | Day count
item.rounding | 尾数处理 | Rounding
item.face | 面额（元） | Face per unit (CNY)
item.pool_opening | 期初未偿余额 | Opening balance
item.pool_added | 加：新增入池 | Plus: assets that entered
item.pool_removed | 减：转出资产（赎回、置换、移出） | Less: assets that left
item.pool_payments | 减：债务人付款 | Less: paid by debtors
item.pool_adjustments | 加：调整（折让、退货等） | Plus: adjustments (dilution, returns)
item.pool_closing | 期末未偿余额 | Closing balance
item.pool_unexplained | 未解释差额 | Unexplained
item.pool_count | 期末未结清笔数 | Open assets
item.overdue_ratio | 逾期率 | Overdue ratio
item.collected | 本期归集 | Collected in the period
item.uncollected | 已付款未归集 | Paid but not collected
item.remitted | 本期转付 | Remitted in the period
item.unremitted | 已归集未转付（累计） | Collected but not remitted (all time)
item.cash_opening | 期初现金 | Opening cash
item.cash_remitted | 加：转付入账 | Plus: remitted in
item.cash_repurchased | 加：赎回及清仓回购价款 | Plus: paid for assets bought back
item.cash_made_up | 加：差额支付 | Plus: made up on shortfalls
item.cash_purchased | 减：循环购买 | Less: paid for purchases
item.cash_fees | 减：费用 | Less: fees
item.cash_repaid | 减：返还差额支付款 | Less: repaid to who made up shortfalls
item.cash_distributed | 减：分配支出 | Less: distributed
item.cash_closing | 期末现金 | Closing cash
item.cash_change | 本期净变动 | Change in the period
item.cash_unexplained | 未解释差额 | Unexplained
item.total | 合计 | Total
rank.senior | 优先级 | Senior
rank.mezzanine | 中间级 | Mezzanine
rank.subordinated | 次级 | Subordinated
repayment.pass_through | 过手摊还 | Pass-through
repayment.scheduled | 固定摊还 | Scheduled
repayment.bullet | 到期一次还本 | Bullet
repayment.residual | 剩余收益 | Residual
rounding.half_up | 四舍五入到分 | Half up to the fen
rounding.down | 截尾到分 | Truncated to the fen
venue.SSE | 上海证券交易所 | Shanghai Stock Exchange
venue.SZSE | 深圳证券交易所 | Shenzhen Stock Exchange
venue.NAFMII | 银行间市场 | Interbank market
venue.BJS | 北京金融资产交易所 | Beijing Financial Assets Exchange
bucket.current | 未逾期 | Current
bucket.days | 逾期 {} 天 | {} days past due
fact.period | 期次 | Period
fact.height | 账本高度 | Ledger height
fact.block_time | 区块时间 | Block time
fact.made_at | 签署时间 | Signed at
fact.chain | 链 / 群组 | Chain / group
fact.genesis_hash | 创世块哈希 | Genesis hash
fact.block_hash | 区块哈希 | Block hash
fact.facts_digest | 事实摘要 | Facts digest
fact.money | 金额单位：元 | Amounts in CNY
trace.period | 第 {} 期 | Period {}
formula.reversed | ；日期先后颠倒，无法计算 | ; the dates are reversed, so it has no answer
unit.fen | 元 | CNY
unit.count | 个 | Number
unit.days | 天 | Days
unit.years | 年 | Years
unit.ratio | % | %
unit.index | 指数 | Index
unit.date | 日期 | Date
unit.text | 文字 | Text
figure.tranche.principal | 原始本金 | original principal
figure.tranche.rate | 预期收益率 | expected yield
figure.tranche.opening | 期初余额 | opening balance
figure.tranche.principal_paid | 兑付本金 | principal paid
figure.tranche.interest_paid | 兑付收益 | interest paid
figure.tranche.total_paid | 兑付合计 | total paid
figure.tranche.closing | 期末余额 | closing balance
figure.plan.face | 每份面额 | face per unit
figure.pool.balance | 未偿余额 | outstanding balance
figure.pool.overdue | 逾期资产未偿余额 | balance past due
figure.pool.came.assigned | 转让入池 | assigned
figure.pool.came.purchased | 循环购买入池 | bought
figure.pool.came.substituted | 置换入池 | substituted for others
figure.pool.left.repurchased | 赎回 | bought back
figure.pool.left.substituted | 被置换 | substituted by others
figure.pool.left.removed | 移出 | taken out
figure.pool.delinquency.balance | 该档未偿余额 | balance of the class
figure.pool.collected_ever | 累计归集 | collected so far
figure.pool.remitted_ever | 累计转付 | remitted so far
figure.plan.purchased | 循环购买价款 | prices of purchases
figure.plan.collected | 归集 | collected
figure.plan.remitted | 转付 | remitted
figure.cash.remitted | 转付入账 | remitted in
figure.cash.repurchased | 赎回及清仓回购价款 | paid for assets bought back
figure.cash.made_up | 差额支付 | made up on shortfalls
figure.cash.bought | 账户支付的循环购买 | purchases the account paid
figure.cash.purchased | 循环购买 | paid for purchases
figure.cash.fees | 费用 | fees
figure.cash.repaid | 返还差额支付款 | repaid to who made up shortfalls
figure.cash.distributed | 分配支出 | distributed
figure.cash.came | 累计流入 | all that came in
figure.cash.spent | 累计流出 | all that was paid out
figure.cash.inflow | 本期流入 | came in
figure.cash.outflow | 本期流出 | paid out
figure.cash.uses | 流出与净变动合计 | paid out and change
trace.records | 记录 | Records
trace.beneath | 下层记录数 | Records beneath:
"""

# Sentences, (Chinese, English).
NOTES = {
    "note.basis": (
        "本报告由节点依据账本在上列高度的事实重新计算，金额单位为人民币元；带虚线的数值可展开查看公式与所依据的记录。",
        (
            "Recomputed by this node from the ledger's facts at the height above; amounts in CNY. A dotted "
            "figure unfolds to its formula and records."
        ),
    ),
    "note.part": (
        "此处列出 {shown} 笔，全部 {all} 笔见 report.xlsx 与 report.json。",
        "{shown} shown here; all {all} are in report.xlsx and report.json.",
    ),
    "note.none": (
        "无",
        "None",
    ),
    "note.verify": (
        (
            "所在报告包的 manifest.json 列有每个文件的 SM3 摘要，manifest.s"
            "ig 为其 SM2 签名；可用 OpenSSL 或 glasspool verify 核验。"
        ),
        (
            "manifest.json of this package lists every file's SM3 digest and manifest.sig is its SM2 "
            "signature; check them with OpenSSL or glasspool verify."
        ),
    ),
    "note.interest": (
        "应付收益按期初余额、预期收益率与计息天数，依计划条款的计息基准与尾数处理复算；差异为兑付收益减应付收益与此前未付收益之和，此前未付收益不计息。",
        (
            "Interest due is recomputed from opening balance, yield and days by the plan's day count and "
            "rounding; the difference is what was paid less what is due and in arrears, which bear no interest."
        ),
    ),
    "note.record_date": (
        "权益登记日按计划条款以自然日回推，未按交易日历调整。",
        "The record date counts calendar days back as the plan's terms say; it is not rolled to trading days.",
    ),
    "note.purchases": (
        "循环购买价款先以已归集未转付的款项支付，不足部分由专项计划账户支付。",
        "Purchases are paid from what was collected and is not remitted yet, as far as it goes, then by the account.",
    ),
    "note.unexplained": (
        "未解释差额为零，表示账本各项事实相互吻合；不为零时即为不吻合的金额。",
        "Unexplained is zero when the facts agree with each other, and otherwise says by how much they do not.",
    ),
}


def _read(text: str) -> dict[str, tuple[str, str]]:
    table = {}
    for line in text.strip().splitlines():
        key, chinese, in_english = (part.strip() for part in line.split("|"))
        if key in table:
            raise ValueError(f"{key} has two texts")
        table[key] = (chinese, in_english)
    return table


WORDS = _read(_TEXT) | NOTES


def word(key: str) -> str:
    """Return the Chinese text of a key; KeyError when it has none."""
    return WORDS[key][0]


def english(key: str) -> str:
    """Return the English text of a key."""
    return WORDS[key][1]


def both(key: str) -> dict[str, str]:
    """Return both texts as JSON-able data."""
    chinese, in_english = WORDS[key]
    return {"zh": chinese, "en": in_english}


def known(key: str) -> bool:
    """Tell whether the key has a text."""
    return key in WORDS
