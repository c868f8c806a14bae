"""Every text a person sees on a page, in Chinese and English, in one table.

A page asks for a text by its name; a name that is missing in either language is a programming error that a test finds.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["TEXTS", "Language", "text"]


class Language(StrEnum):
    """The languages of the pages; Chinese comes first."""

    ZH = "zh"
    EN = "en"


#: name -> (Chinese, English)
TEXTS: dict[str, tuple[str, str]] = {
    # the node and its pages
    "product": ("玻璃池 Glasspool", "Glasspool"),
    "language": ("语言", "Language"),
    "plans": ("专项计划", "Plans"),
    "plans_none": ("本节点尚未同步到任何专项计划。", "This node has not replicated any plan yet."),
    "plans_next": (
        "同步账本后刷新此页：glasspool sync",
        "Replicate the ledger, then reload this page: glasspool sync",
    ),
    "plan_name": ("计划名称", "Plan"),
    "plan_code": ("证券代码", "Code"),
    "venue": ("场所", "Venue"),
    "manager": ("管理人", "Manager"),
    "custodian": ("托管人", "Custodian"),
    "servicer": ("资产服务机构", "Servicer"),
    "closing": ("设立日", "Closing"),
    "maturity": ("到期日", "Maturity"),
    "cutoff": ("封包日", "Cut-off"),
    "tranche_count": ("分层", "Tranches"),
    "principal": ("发行规模（元）", "Principal (CNY)"),
    "node_status": ("节点状态", "Node"),
    "node_empty": ("账本为空", "The replica is empty"),
    "height": ("区块高度", "Height"),
    "block_time": ("区块时间", "Block time"),
    "block_hash": ("区块哈希", "Block hash"),
    "facts_digest": ("事实摘要", "Facts digest"),
    "back": ("全部计划", "All plans"),
    "no_sign_in": (
        "尚无登录：本页仅在本机回环地址开放，以监管方身份查看全部数据。",
        "No sign-in yet: this page is open on this machine's loopback address only and shows all, as to the regulator.",
    ),
    # the pool page
    "pool": ("资产池", "Asset pool"),
    "loading": ("正在读取账本……", "Reading the ledger…"),
    "day_beyond": (
        "{asked} 尚未到来：账本止于 {last}，以下为 {last} 的情况。",
        "Nothing is known of {asked} yet: the ledger ends on {last}, and this is the pool of {last}.",
    ),
    "measured_on": ("统计日", "Measured on"),
    "days": ("{count} 天", "{count} days"),
    "figure_balance": ("未偿应收账款余额", "Outstanding balance"),
    "figure_assets": ("入池资产", "Assets"),
    "figure_assets_unit": ("笔", "receivables"),
    "figure_debtors": ("债务人", "Debtors"),
    "figure_debtors_unit": ("家", "companies"),
    "figure_delinquency": ("逾期率", "Delinquency"),
    "figure_top10": ("前十大债务人占比", "Top 10 debtors"),
    "figure_top10_note": ("占未偿余额", "of outstanding balance"),
    "figure_hhi": ("债务人集中度 HHI", "Debtor HHI"),
    "figure_hhi_note": ("有效户数 {count}", "effective number {count}"),
    "figure_wam": ("加权平均剩余期限", "Average maturity"),
    "figure_wam_note": ("按余额加权，至到期日", "to due date, by balance"),
    "figure_yuan": ("元", "CNY"),
    "figure_days": ("天", "days"),
    "figure_original": ("入池金额 {amount} 元", "assigned at CNY {amount}"),
    "figure_assets_note": ("未结清 {count} 笔", "{count} still open"),
    "figure_overdue_note": ("逾期 {amount} 元", "CNY {amount} overdue"),
    "figure_creditors_note": ("债权人 {count} 家", "creditors: {count}"),
    "chart_maturity": ("到期分布", "Maturity ladder"),
    "chart_maturity_x": ("到期月份", "Due month"),
    "chart_maturity_x_quarter": ("到期季度", "Due quarter"),
    "chart_aging": ("账龄与逾期分布", "Aging by days past due"),
    "chart_aging_x": ("逾期天数", "Days past due"),
    "chart_debtors": ("债务人集中度", "Debtor concentration"),
    "chart_balance": ("未偿余额（{unit}）", "Outstanding ({unit})"),
    "chart_share": ("占比", "Share"),
    "chart_others": ("其余 {count} 家", "Other {count}"),
    "chart_overdue": ("已逾期", "Overdue"),
    "chart_empty": ("没有未偿余额", "Nothing outstanding"),
    "bucket_current": ("未到期", "Current"),
    # the table of assets
    "assets": ("入池资产", "Assets of the pool"),
    "column_asset": ("应收账款", "Receivable"),
    "column_debtor": ("债务人", "Debtor"),
    "column_creditor": ("债权人", "Creditor"),
    "column_amount": ("金额（元）", "Amount (CNY)"),
    "column_outstanding": ("未偿余额（元）", "Outstanding (CNY)"),
    "column_due": ("到期日", "Due"),
    "column_days_past_due": ("逾期天数", "Days past due"),
    "search": ("搜索应收账款、发票号、债务人、债权人", "Search receivable, invoice, debtor, creditor"),
    "search_label": ("搜索", "Search"),
    "rows_shown": ("第 {first}–{last} 笔，共 {total} 笔", "{first}–{last} of {total}"),
    "rows_none": ("没有符合条件的资产", "No asset matches"),
    "page_first": ("首页", "First page"),
    "page_previous": ("上一页", "Previous page"),
    "page_next": ("下一页", "Next page"),
    "page_last": ("末页", "Last page"),
    "page_size": ("每页", "Per page"),
    "choose_row": ("查看穿透", "Show lineage"),
    # the lineage of one asset
    "lineage": ("资产穿透", "Lineage"),
    "lineage_hint": (
        "点选左侧一笔资产，查看它从专项计划到发票、回款的每一步，以及每步在账本中的证明。",
        "Choose an asset to see every step from the plan down to its invoices and payments, each with its proof.",
    ),
    "lineage_loading": ("正在从区块原文重算证明……", "Recomputing the proofs from the blocks' own bytes…"),
    "position": ("账本位置", "Position"),
    "signed_by": ("签名 {signer}", "signed by {signer}"),
    "copy_prove": ("复制证明命令", "Copy the prove command"),
    "copied": ("已复制", "Copied"),
    "proof_passed": ("证明成立", "Proof verified"),
    "proof_failed": ("证明不成立", "Proof failed"),
    "proof_indeterminate": ("无法判定", "Cannot be told"),
    "proofs_all": (
        "{count} 条记录的证明刚刚全部重算成立",
        "All {count} records proved just now from re-hashed bytes",
    ),
    "proofs_some": (
        "{count} 条记录中 {bad} 条的证明不成立",
        "{bad} of {count} records could not be proved",
    ),
    "proof_how": (
        "事件 → 回执 → 回执根 → 区块头 → 共识签名 → 锚定的创世区块",
        "event → receipt → receipts root → header → quorum → pinned genesis",
    ),
    "not_conserved": ("价值不守恒：转入与转出金额不等", "Value is not conserved: what went in is not what came out"),
    "field_on": ("{value}", "{value}"),
    "field_due": ("到期 {value}", "due {value}"),
    "field_closing": ("设立 {value}", "closed {value}"),
    "field_rate": ("利率 {value}", "rate {value}"),
    "field_outputs": ("凭证 {value} 份", "certificate outputs: {value}"),
    "field_method": ("方式 {value}", "by {value}"),
    "field_adjusted": ("累计调整 {value} 元", "adjusted by CNY {value}"),
    "field_pieces": ("分为 {value} 份", "into {value} pieces"),
    "field_price": ("融资价款 {value} 元", "price CNY {value}"),
    "field_goods": ("{value}", "{value}"),
    "field_result": ("结果 {value}", "result: {value}"),
    "field_status": ("状态 {value}", "status: {value}"),
    "field_bank_reference": ("银行流水 {value}", "bank reference {value}"),
    "value_record-differs": ("所存记录与区块原文不符", "the stored record is not what its block holds"),
    "value_fact-differs": ("所示金额与已证明的记录不符", "the amount shown is not what the proved record states"),
    "value_signature": ("签名", "signature"),
    "value_seal": ("盖章", "seal"),
    "value_platform": ("平台", "platform"),
    "value_consistent": ("一致", "consistent"),
    "value_inconsistent": ("不一致", "inconsistent"),
    "value_not_found": ("查无此票", "not found"),
    "value_normal": ("正常", "normal"),
    "value_voided": ("作废", "voided"),
    "value_red_flushed": ("红冲", "red-flushed"),
    "value_abnormal": ("异常", "abnormal"),
    "step_plan.established": ("专项计划设立", "Plan established"),
    "step_tranche": ("证券分层", "Tranche"),
    "step_pool.assigned": ("基础资产转让入池", "Assigned to the pool"),
    "step_receivable.registered": ("应收账款登记", "Receivable registered"),
    "step_receivable.confirmed": ("债务人确权", "Confirmed by the debtor"),
    "step_receivable.adjusted": ("应收账款调整", "Receivable adjusted"),
    "step_certificate.issued": ("凭证开立", "Certificate issued"),
    "step_certificate.transfer_proposed": ("凭证转让（待签收）", "Transfer proposed"),
    "step_certificate.signed_in": ("凭证签收", "Transfer signed in"),
    "step_certificate.split": ("凭证拆分", "Certificate split"),
    "step_certificate.financed": ("凭证融资", "Certificate financed"),
    "step_certificate.redeemed": ("凭证兑付", "Certificate redeemed"),
    "step_invoice.registered": ("发票登记", "Invoice registered"),
    "step_invoice.verified": ("发票验真", "Invoice verified"),
    "step_invoice.status_changed": ("发票状态变更", "Invoice status changed"),
    "step_payment.recorded": ("债务人付款", "Payment by the debtor"),
    "step_collection.received": ("资产服务机构归集", "Collected by the servicer"),
    "step_collection.remitted": ("转付托管账户", "Remitted to the custodian"),
    # failures
    "failed": ("此页未能生成", "This page could not be made"),
    "failed_reference": ("参考编号 {reference}", "Reference {reference}"),
    "failed_next": (
        "原因已写入节点日志，请把参考编号告知运营方。",
        "The cause is in the node's log; tell the operator this reference.",
    ),
    "not_found": (
        "本节点没有专项计划“{plan}”",
        "This node has no plan “{plan}”",
    ),
    "not_found_next": ("请核对名称，或继续同步账本。", "Check the name, or replicate further."),
}


def text(name: str, language: Language, **values: object) -> str:
    """The text of that name in that language, with ``values`` put in place."""
    chinese, english = TEXTS[name]
    return (chinese if language is Language.ZH else english).format(**values)
