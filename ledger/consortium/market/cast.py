"""Who acts in a market: a few platforms and institutions, many enterprises, suppliers of suppliers to five levels."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isqrt
from typing import TYPE_CHECKING

from ledger.consortium.market.chance import Weighted
from ledger.consortium.market.names import BUYERS, SELLERS, company

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.consortium.chain import Member
    from ledger.consortium.market.chance import Chance
    from ledger.consortium.market.stage import Stage

__all__ = ["Cast", "admit_all", "gather"]

LEVELS = (6, 5, 4, 3, 2)  # suppliers of each level, for every two core enterprises
HEAVIEST = 1_000_000
DORMANT = 3  # members that never trade: what is suspended must not be missed

# Platforms and institutions there is one of: id, name, roles.
INSTITUTIONS = (
    ("gateway", "微企链资产网关", ("asset_gateway", "platform")),
    ("verifier", "发票验真服务中心", ("invoice_verifier",)),
    ("cross-border", "跨境电商综合服务平台", ("customs_platform", "platform")),
    ("registry", "动产融资统一登记公示系统", ("registry",)),
    ("settlement", "资金清算中心", ("settlement",)),
    ("finance-company", "集团财务公司", ("bank", "platform")),
    ("supervising-bank", "资金监管银行", ("bank", "supervising")),
    ("rating", "信用评级有限公司", ("rating",)),
    ("law-firm", "律师事务所", ("law_firm",)),
    ("sse", "上海证券交易所", ("exchange",)),
    ("szse", "深圳证券交易所", ("exchange",)),
    ("regulator", "地方金融监督管理局", ("regulator",)),
    ("auditor", "会计师事务所", ("auditor",)),
    ("port-control", "陆港主管控制方", ("supervising",)),
    ("port-collector", "陆港采集控制方", ("collecting",)),
    ("port-user", "陆港使用方", ("using",)),
    ("port-subject", "陆港主体方", ("subject", "supplier")),
    ("port-support", "陆港支撑运营方", ("supporting",)),
)


@dataclass(slots=True, kw_only=True)
class Cast:
    """The members by what they do. ``suppliers[0]`` sell to core enterprises, ``suppliers[4]`` are the fifth level."""

    institutions: dict[str, Member]
    banks: list[Member]
    factors: list[Member]
    originators: list[Member]
    """Sellers whose own receivables are securitised, without certificates."""
    servicers: list[Member]
    custodians: list[Member]
    managers: list[Member]
    warehouses: list[Member]
    merchants: list[Member]
    """Sellers on the cross-border platform."""
    investors: list[Member]
    cores: list[Member]
    suppliers: list[list[Member]]
    dormant: list[Member]
    weights: Weighted = field(init=False)

    def __post_init__(self) -> None:
        self.weights = Weighted([HEAVIEST // (rank + 2) for rank in range(len(self.cores))])

    def __getitem__(self, name: str) -> Member:
        return self.institutions[name]

    def core(self, chance: Chance) -> Member:
        """Return a core enterprise: the first owe most."""
        return self.cores[chance.weigh(self.weights)]

    def seller_to(self, core: Member, chance: Chance) -> Member:
        """Return one of the first-level suppliers that the core enterprise buys from."""
        first = self.suppliers[0]
        own = int(core.member.rpartition("-")[2]) - 1
        return first[(own * 3 + chance.below(6)) % len(first)]

    def below(self, level: int, chance: Chance) -> Member:
        """Return a supplier of the level below (levels count from 0)."""
        return chance.pick(self.suppliers[level + 1])


def gather(stage: Stage, receivables: int, plans: int) -> Cast:
    """Enrol the members of a market of this size; :func:`admit_all` tells the chain."""
    chance, serial = stage.chance("cast"), 0

    def enterprises(prefix: str, count: int, roles: Sequence[str], trades: Sequence[str], form: str) -> list[Member]:
        nonlocal serial
        made = []
        for at in range(1, count + 1):
            name, place = company(serial, chance, chance.pick(trades), form)
            serial += 1
            made.append(stage.chain.enrol(f"{prefix}-{at:04d}", name, roles, place.code))
        return made

    def houses(prefix: str, count: int, roles: Sequence[str], what: str) -> list[Member]:
        return [stage.chain.enrol(f"{prefix}-{at:02d}", f"{what}{at}号", roles) for at in range(1, count + 1)]

    scale = isqrt(receivables)
    cores = max(4, scale // 3)
    limited, listed = "有限公司", "股份有限公司"
    return Cast(
        institutions={name: stage.chain.enrol(name, title, roles) for name, title, roles in INSTITUTIONS},
        banks=houses("bank", 3 + plans // 5, ("bank",), "商业银行"),
        factors=houses("factor", max(2, (plans + 1) // 2), ("factor", "originator"), "商业保理公司"),
        originators=enterprises("originator", max(1, plans // 2), ("supplier", "originator"), SELLERS, limited),
        servicers=houses("servicer", max(1, plans // 3), ("servicer",), "资产服务机构"),
        custodians=houses("custodian", 1 + plans // 8, ("custodian", "bank"), "托管银行"),
        managers=houses("manager", 1 + plans // 5, ("plan_manager",), "证券资产管理公司"),
        warehouses=houses("warehouse", 2 + scale // 200, ("warehouse",), "物流仓储中心"),
        merchants=enterprises("merchant", 2 + scale // 20, ("supplier",), ("跨境贸易", "电子商务"), limited),
        investors=houses("investor", 6, ("bank",), "理财子公司"),
        cores=enterprises("core", cores, ("core_enterprise",), BUYERS, listed),
        suppliers=[
            enterprises(f"tier{level + 1}", max(3, cores * share // 2), ("supplier",), SELLERS, limited)
            for level, share in enumerate(LEVELS)
        ],
        dormant=enterprises("dormant", DORMANT, ("supplier",), SELLERS, limited),
    )


def admit_all(stage: Stage) -> None:
    """Record every member's admission, the operator first."""
    for member in list(stage.chain.members.values()):
        stage.records += 1
        stage.chain.admit(member)
        if stage.chain.pending >= 500:
            stage.seal()
    stage.seal()
