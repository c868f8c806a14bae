"""The texts of a deal as it is paid: its waterfall, what differs from the ledger and why, and stress tests."""

from __future__ import annotations

from typing import Final

__all__ = ["DEAL"]

#: name -> (Chinese, English)
DEAL: Final[dict[str, tuple[str, str]]] = {
    # the waterfall
    "waterfall": ("分配顺序（元）", "Waterfall, CNY"),
    "waterfall_none": ("尚无收益分配。", "No distribution yet."),
    "rule": ("规则", "Rule"),
    "from_to": ("付款 → 收款", "From → to"),
    "due_amount": ("应付", "Due"),
    "available": ("可用", "Available"),
    "paid": ("支付", "Paid"),
    "cause": ("支付依据", "Cause"),
    "cause_due": ("足额", "in full"),
    "cause_cash": ("资金不足", "cash"),
    "cause_limit": ("限额", "limit"),
    "cause_condition": ("条件不成立", "condition"),
    "cause_shared": ("按比例", "pro rata"),
    "assets_bought": ("循环购买资产", "assets"),
    "verdict": ("结论", "Verdict"),
    "as_agreed": ("与条款一致", "as its terms say"),
    "triggers": ("触发事件", "Triggers"),
    "trigger": ("触发事件", "Trigger"),
    "in_a_row": ("连续期数", "In a row"),
    "on": ("已触发", "on"),
    "off": ("未触发", "off"),
    "is_on": ("是否触发", "State"),
    "since": ("起始期", "Since"),
    "balances": ("期初与期末（元）", "Opening and closing, CNY"),
    "holder": ("证券、账户、费用", "Tranche, account, fee"),
    "opening_balance": ("期初", "Opening"),
    "closing_balance": ("期末", "Closing"),
    "arrears": ("欠付", "In arrears"),
    "compared": ("与账本核对（元）", "Compared with the ledger, CNY"),
    "item": ("项目", "Item"),
    "recomputed": ("按条款", "By the terms"),
    "stated": ("按账本", "By the ledger"),
    "difference": ("差额", "Difference"),
    "item_fee": ("费用", "fee"),
    "item_interest": ("收益", "interest"),
    "item_principal": ("本金", "principal"),
    "item_move": ("划转", "move"),
    "item_shortfall": ("差额支付", "shortfall"),
    "item_repaid": ("偿还差额支付款", "repaid"),
    "also": ("同样吻合：{causes}", "so does: {causes}"),
    "severity_error": ("错误", "error"),
    "severity_warning": ("警告", "warning"),
    "severity_notice": ("提示", "notice"),
    # why a period differs from its terms
    "differs_trigger_missed": ("已触发的事件未执行", "a trigger was ignored"),
    "differs_fee_twice": ("费用重复支付", "a fee was paid twice"),
    "differs_recorded_twice": ("付款重复记录", "a payment was recorded twice"),
    "differs_wrong_order": ("支付顺序有误", "steps were out of order"),
    "differs_junior_early": ("次级提前还本", "junior principal came early"),
    "differs_step_skipped": ("遗漏步骤", "a step was left out"),
    "differs_wrong_state": ("适用状态有误", "paid by another state"),
    "differs_unexplained": ("原因不明", "unexplained"),
    "differs_rounding": ("尾数处理有误", "rounded in another way"),
    "differs_wrong_date": ("计息日期有误", "counted by other days"),
    "differs_day_count": ("计息基准有误", "another day count"),
    "differs_fee_base": ("费用基数有误", "a fee of another base"),
    "differs_arrears_forgotten": ("漏付前期欠款", "arrears were forgotten"),
    "differs_amount": ("单项金额有误", "one amount is another"),
    "differs_not_recomputed": ("条款无法适用", "the terms cannot be applied"),
    "differs_date_missed": ("兑付日未付款", "nothing was paid on a date"),
    "differs_another_period": ("记入其他期次", "recorded for another period"),
    "differs_off_schedule": ("非约定兑付日", "not on a payment date"),
    # stress tests
    "stress_title": ("情景：{scenario}", "Scenario: {scenario}"),
    "scenario_base": ("基准", "base"),
    "scenario_mild": ("轻度", "mild"),
    "scenario_severe": ("重度", "severe"),
    "stress_pool": (
        "资产池未偿 {owed} 元：预计回款 {expected} 元，损失 {lost} 元，最后兑付日之后回款 {beyond} 元。",
        "The pool owes CNY {owed}: {expected} expected, {lost} lost, {beyond} after the last date.",
    ),
    "stress_history_seasoned": (
        "历史（已过违约认定期限的 {count} 笔资产）：违约率 {default}，稀释率 {dilution}，回收率 {recovery}。",
        (
            "History of assets whose time to pay is over ({count}): default {default}, dilution {dilution}, recovery "
            "{recovery}."
        ),
    ),
    "stress_history_all": (
        "历史（全部 {count} 笔资产）：违约率 {default}，稀释率 {dilution}，回收率 {recovery}。",
        "History of every asset ({count}): default {default}, dilution {dilution}, recovery {recovery}.",
    ),
    "stress_few": (
        "注意：历史仅基于 {count} 笔资产（少于 {least} 笔），一笔资产即可使比率变动超过一个百分点。",
        (
            "Warning: this history rests on few assets ({count}, fewer than {least}): one more or less moves a rate by "
            "over a percentage point."
        ),
    ),
    "stress_paid": (
        "其后各兑付日（{count} 个）均无款项可付：资产池与证券均已结清。",
        "Nothing is paid on any payment date to come ({count}): pool and securities are repaid.",
    ),
    "stress_dry": (
        "其后各兑付日（{count} 个）均无款项可付：资产池不再有回款，证券尚欠 {left} 元无法偿付。",
        (
            "Nothing is paid on any payment date to come ({count}): nothing comes from the pool any more, and CNY "
            "{left} of the securities stays unpaid."
        ),
    ),
    "stress_quiet": (
        "其后的兑付日（{count} 个）均无款项变动，未列出。",
        "Payment dates after these, without any cash and not shown: {count}.",
    ),
    "stress_dates": (
        "各兑付日（元；覆盖率为优先级与中间级合计）",
        "By payment date, CNY; coverage of the rated tranches",
    ),
    "stress_provisional": (
        "*：日期为暂定（交易日历尚未公布）",
        "*: provisional, the calendar of trading days is not out yet",
    ),
    "stress_tranches": ("各档证券（元）", "By tranche, CNY"),
    "pay_date": ("兑付日", "Date"),
    "collected": ("回款", "Collected"),
    "fees": ("费用", "Fees"),
    "interest_paid": ("收益", "Interest"),
    "principal_paid": ("本金", "Principal"),
    "residual_paid": ("剩余收益", "Residual"),
    "drawn": ("动用储备", "Drawn"),
    "shortfall_paid": ("差额支付", "Shortfall"),
    "purchases": ("循环购买", "Purchases"),
    "securities_left": ("证券未偿", "Outstanding"),
    "cover_interest": ("利息覆盖", "Interest cover"),
    "cover_principal": ("本金覆盖", "Principal cover"),
    "cover_assets": ("资产覆盖", "Asset cover"),
    "lost_principal": ("本金损失", "Principal lost"),
    "lost_interest": ("收益损失", "Interest lost"),
    "average_life": ("加权平均期限（年）", "WAL, years"),
    "internal_rate": ("收益率", "Yield"),
    "break_even": ("盈亏平衡违约率", "Break-even default"),
    "actual_title": ("实际与预测（元）", "Actual against forecast, CNY"),
    "actual_none": ("尚无已开始的期间。", "No period has begun yet."),
    "days_of": ("期间（之后 – 至）", "After – until"),
    "actual_previous": ("上期所作预测", "Forecast before"),
    "actual_forecast": ("最近预测", "Forecast"),
    "actual_actual": ("实际", "Actual"),
    "actual_other": ("未预测资产", "Of other assets"),
    "actual_ratio": ("实际/预测", "Actual / forecast"),
    "actual_revision": ("预测/前次", "Revision"),
    "flags": ("提示", "Flags"),
    "flag_shortfall": ("低于预测 20% 以上", "20% short"),
    "flag_excess": ("高于预测 20% 以上", "20% above"),
    "flag_lowered": ("预测下调 20% 以上", "lowered by 20%"),
    # terms
    "terms_unit": ("金额单位：分（1/100 元）；比率为小数。", "Amounts are in fen (1/100 CNY), rates are decimals."),
}
