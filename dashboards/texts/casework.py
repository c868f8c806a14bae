"""The texts of findings, cases and the trail on the terminal."""

from __future__ import annotations

from typing import Final

__all__ = ["CASEWORK"]

#: name -> (Chinese, English)
CASEWORK: Final[dict[str, tuple[str, str]]] = {
    # the book
    "watch_done": (
        "风险发现已跟进至第 {height} 块；成立 {total} 项：高 {high}，中 {medium}，低 {low}。",
        "Findings are up to date with block {height}; {total} stand: {high} high, {medium} medium, {low} low.",
    ),
    "watch_partly": (
        "其余规则尚未跟进到此：glasspool watch 跟进全部规则。",
        "Other rules have not come so far: glasspool watch follows all of them.",
    ),
    "watch_next": (
        "glasspool findings 列出各项；glasspool findings show 编号 逐项说明；glasspool serve 打开页面 /dash/findings",
        "glasspool findings lists them, glasspool findings show ID explains one, glasspool serve opens /dash/findings",
    ),
    "sweep_done": (
        "快照截至第 {height} 块，已核对，事实摘要 {digest}。成立：高 {high}，中 {medium}，低 {low}。",
        (
            "The snapshot is as of block {height} and holds the facts of digest {digest}. "
            "Findings: {high} high, {medium} medium, {low} low."
        ),
    ),
    "sweep_believed": (
        "快照截至第 {height} 块，未核对，其所称事实摘要 {digest}。成立：高 {high}，中 {medium}，低 {low}。",
        (
            "The snapshot says it is as of block {height}, with facts of digest {digest}; it was not verified. "
            "Findings: {high} high, {medium} medium, {low} low."
        ),
    ),
    "watch_scope": ("范围", "Scope"),
    "watch_from": ("自区块", "From block"),
    "watch_to": ("至区块", "To block"),
    "watch_changes": ("变化", "Changes"),
    # findings
    "finding_id": ("编号", "Finding"),
    "finding_level": ("程度", "Level"),
    "finding_title": ("名称", "What"),
    "finding_rule": ("规则", "Rule"),
    "finding_subject": ("对象", "About"),
    "finding_subject_code": ("对象代码", "Subject"),
    "finding_amount": ("金额（元）", "Amount (CNY)"),
    "finding_since": ("起始", "Since"),
    "finding_first": ("区块 {height}", "block {height}"),
    "finding_stands": ("成立", "Stands"),
    "finding_counts": ("成立", "Standing"),
    "level_high": ("高", "high"),
    "level_medium": ("中", "medium"),
    "level_low": ("低", "low"),
    "family_duplicate": ("重复融资与虚假贸易", "duplicate financing, fake trade"),
    "family_network": ("交易网络", "trade as a network"),
    "family_monitor": ("持续监测", "plans and pools"),
    "family_authenticity": ("贸易真实性", "authenticity of trade"),
    "findings_none": ("没有发现。已跟进至第 {height} 块。", "No finding. The ledger was followed to block {height}."),
    "findings_none_yet": ("没有发现。", "No finding."),
    "findings_shown": ("共 {total} 项，列出 {shown} 项", "{shown} of {total} findings"),
    "findings_more": ("；--limit 显示更多", "; --limit N shows more of them"),
    "findings_next": (
        "glasspool findings show 编号：说明、过程与所依据的记录",
        "glasspool findings show ID explains one, with its history and the records behind it",
    ),
    "finding_next_steps": (
        "立案：glasspool case open 标题 --finding {id}；导出证据：glasspool findings export {id} -o 文件夹",
        "glasspool case open TITLE --finding {id} opens a case; glasspool findings export {id} -o FOLDER takes it away",
    ),
    "findings_hidden": (
        "另有 {count} 项被豁免，--all 一并列出",
        "{count} more are suppressed; --all lists them too",
    ),
    "findings_behind": (
        "已跟进至第 {height} 块，本节点有 {head} 块：先运行 glasspool watch",
        "Followed to block {height}, and this node holds {head}: run glasspool watch first",
    ),
    "findings_unfollowed": (
        "尚有规则未跟进，本节点有 {head} 块，所列可能不全：先运行 glasspool watch",
        "Some rules have followed none of the {head} blocks here; findings may be missing: run glasspool watch first",
    ),
    "finding_head": ("{title}（{id}）", "{title} ({id})"),
    "finding_figures": (
        "程度 {level}，证据强度 {score}/100，涉及 {amount} 元，起始 {since}",
        "Level {level}, strength of evidence {score}/100, {amount} CNY at stake, since {since}",
    ),
    "finding_state_stands": ("成立，首见于第 {first} 块", "It stands; first found at block {first}."),
    "finding_state_ended": (
        "第 {last} 块起不再成立，首见于第 {first} 块",
        "It stands no more since block {last}; first found at block {first}.",
    ),
    "finding_suppressed": (
        "由 {author} 豁免至 {until}（{id}）：{reason}",
        "Suppressed by {author} until {until} ({id}): {reason}",
    ),
    "finding_in_cases": ("所在案件：{cases}", "In cases: {cases}"),
    "finding_parties": ("当事人", "Parties"),
    "finding_things": ("涉及", "Rests on"),
    "finding_history": ("过程", "History"),
    "history_more": (
        "另有 {count} 个更早的版本，见 --json",
        "{count} earlier versions; --json has all of them",
    ),
    "finding_records": ("所依据的记录", "Records behind it"),
    "finding_ended": ("不再成立", "stands no more"),
    "block": ("区块", "Block"),
    "kind": ("种类", "Kind"),
    "signer": ("签名成员", "Signed by"),
    "records_more": ("另有 {count} 条记录，见 --json", "{count} more records; --json has all of them"),
    # suppressions
    "suppression_id": ("编号", "Suppression"),
    "suppression_thing": ("限于", "Only about"),
    "suppression_until": ("截止", "Until"),
    "suppression_by": ("经办", "By"),
    "suppression_state": ("状态", "State"),
    "suppression_holds": ("有效", "in force"),
    "suppression_over": ("已到期", "over"),
    "suppression_withdrawn": ("已由 {by} 撤销", "withdrawn by {by}"),
    "suppressions_none": ("没有豁免。", "No suppression."),
    "suppression_made": ("{id} 已生效，至 {until}。", "{id} is in force until {until}."),
    "suppression_ended": ("{id} 已撤销。", "{id} is withdrawn."),
    # cases
    "case_id": ("案件", "Case"),
    "case_title": ("标题", "Title"),
    "case_plan": ("专项计划", "Plan"),
    "case_state": ("状态", "State"),
    "case_assigned": ("经办人", "Assigned to"),
    "case_findings": ("发现", "Findings"),
    "case_waiting": ("待答复", "Waiting"),
    "case_opened": ("立案", "Opened"),
    "case_open": ("进行中", "open"),
    "cases_none": ("没有进行中的案件。--all 列出已结案件。", "No open case. --all lists closed ones too."),
    "cases_none_all": ("没有案件。", "No case."),
    "case_head": ("{title}（{case}）", "{title} ({case})"),
    "case_by": ("{who} 于 {at} 立案", "opened by {who} on {at}"),
    "case_not_found": ("尚未重新发现", "not found again yet"),
    "case_as_of": ("截至区块", "As of block"),
    "case_questions": ("问询", "Questions"),
    "case_question": ("序号", "No."),
    "case_to": ("被问询方", "To"),
    "case_asked": ("问题", "Question"),
    "case_due": ("期限", "Due"),
    "case_answer": ("答复", "Answer"),
    "case_unanswered": ("尚未答复", "not answered"),
    "case_entries": ("经过", "What was done"),
    "case_number": ("序号", "No."),
    "case_at": ("时间", "At"),
    "case_who": ("经办", "By"),
    "case_did": ("事项", "What"),
    "case_said": ("内容", "Said"),
    "did_assigned": ("交办", "assigned"),
    "did_opened": ("立案", "opened"),
    "did_collected": ("收入发现", "collected"),
    "did_dropped": ("移出发现", "dropped"),
    "did_commented": ("备注", "commented"),
    "did_asked": ("问询", "asked"),
    "did_answered": ("答复", "answered"),
    "did_decided": ("结案", "decided"),
    "did_reopened": ("重新立案", "reopened"),
    "outcome_confirmed": ("属实", "confirmed"),
    "outcome_dismissed": ("排除", "dismissed"),
    "outcome_remedied": ("已整改", "remedied"),
    "outcome_referred": ("移送", "referred"),
    # evidence packs
    "pack_written": (
        "证据包 {folder}（{archive}）：{findings} 项发现，{records} 条记录逐条附证明，区块高度 {height}。",
        "Evidence pack {folder} ({archive}), height {height}: {findings} findings, {records} records with proofs.",
    ),
    "pack_check": (
        "核验：glasspool verify {archive} --ca {ca}",
        "Check it with: glasspool verify {archive} --ca {ca}",
    ),
    # the trail
    "trail_at": ("时间", "At"),
    "trail_who": ("何人", "Who"),
    "trail_act": ("行为", "Did"),
    "trail_subject": ("对象", "What"),
    "trail_details": ("详情", "Details"),
    "act_looked": ("查看", "looked"),
    "act_exported": ("导出", "exported"),
    "act_suppressed": ("豁免", "suppressed"),
    "act_case": ("案件", "case"),
    "act_followed": ("跟进", "followed"),
    "trail_none": ("留痕为空。", "The trail has no entry."),
    "trail_no_match": ("没有符合条件的留痕，共 {total} 条。", "No entry matches, of {total} in the trail."),
    "trail_shown": ("共 {total} 条，列出 {shown} 条", "{shown} of {total} entries"),
    "trail_sound": (
        "留痕完整：{entries} 条首尾相接，与 {checkpoints} 个签名检查点一致。",
        "The trail holds: {entries} entries, each linked to the one before, as {checkpoints} signed checkpoints say.",
    ),
    "trail_unsigned": (
        "还没有检查点：最后的若干条是否被截去，无从判断。glasspool trail checkpoint 签发一个。",
        "There is no checkpoint yet: nobody could tell if the end were cut off. glasspool trail checkpoint signs one.",
    ),
    "trail_broken": ("留痕有 {count} 处不符：", "The trail does not hold in {count} places:"),
    "trail_signed": (
        "前 {size} 条已签名，检查点保存于 {file}；请另存一份于他处。",
        "The first {size} entries are signed; the note is kept in {file}. Keep a copy elsewhere.",
    ),
    "trail_keys": ("验证公钥：", "verifier keys, for those who check it:"),
}
