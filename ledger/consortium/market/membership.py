"""Members come and go: admitted later, renamed, given a new key, suspended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.consortium.chain import OPERATOR
from ledger.consortium.market.names import SELLERS, company

if TYPE_CHECKING:
    from ledger.consortium.market.schedule import Process
    from ledger.consortium.market.world import World

__all__ = ["membership"]

LATER = 100_000  # where the names of later members begin, clear of the first ones


def membership(world: World) -> Process:
    """Every month a supplier joins, another's key is rotated, a sleeper is suspended; now and then a name changes."""
    stage, cast = world.market, world.cast
    chance = stage.chance("membership")
    for turn in range(10_000):
        yield stage.after(30)
        operator = stage.member(OPERATOR)
        name, place = company(LATER + turn, chance, chance.pick(SELLERS))
        joined = stage.chain.enrol(f"joined-{turn + 1:04d}", name, ("supplier",), place.code)
        stage.records += 1
        stage.chain.admit(joined)
        stage.seal()
        cast.suppliers[-1].append(joined)
        rotated = stage.chain.rekey(stage.member(chance.pick(cast.suppliers[1]).member))
        stage.write(operator, "member.key_rotated", member=rotated.member, address=rotated.account, certificate=None)
        if chance.happens(300):
            renamed = chance.pick(cast.suppliers[2])
            stage.write(operator, "member.updated", member=renamed.member, name=f"{renamed.name}（更名）")
        if cast.dormant:
            sleeper = cast.dormant.pop()
            stage.write(operator, "member.suspended", member=sleeper.member, reason="长期未参与业务")
