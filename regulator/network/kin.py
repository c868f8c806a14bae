"""Whether two members are one controller's (同一控制): what the ledger knows of it, and how strong that is.

========== ======== ==================================================================================================
evidence   strength what it is
========== ======== ==================================================================================================
account          95 both sign with one account: who holds the key acts for both
code             95 the entity code within their credit codes (主体标识码, signs 9 to 17) is one: one legal person
branch           90 one's name is the other's with a branch behind it (分公司): one legal person
name             80 their names are one but for legal form and words as 销售, 贸易: same place, same 字号, same trade
========== ======== ==================================================================================================

A 字号 alone says nothing: many companies share one by chance, in other places or other trades. Shares and directors
are in no record; what a plan's terms declare as affiliates is disclosed, and no evidence of something hidden.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from ledger.facts import Member
from ledger.snapshot import Market
from regulator.duplicates.stakes import by_id
from regulator.duplicates.view import current
from regulator.histories import Histories, heights_of

__all__ = ["STRENGTH", "Kin", "keys_of", "kindred", "stem_of"]

STRENGTH: Final[dict[str, int]] = {"account": 95, "code": 95, "branch": 90, "name": 80}

USCC: Final = 18
"""Signs of a credit code."""
LEAST: Final = 4
"""Signs of a stem that says anything: place and 字号, or 字号 and trade. What is shorter is a 字号 alone."""

_FORM = re.compile(
    r"(股份有限公司|有限责任公司|集团有限公司|有限公司|集团公司|集团|公司|合伙企业|co\.?,?ltd\.?|ltd\.?|limited|inc\.?)$"
)
_BRANCH = re.compile(
    r"^(.{4,}?(?:公司|ltd\.?|limited))(?:.{0,12}(?:分公司|分厂|分行|分部|办事处|经营部|营业部|门市部|branch))$"
)
_WORDS = re.compile(
    r"(销售|营销|贸易|商贸|经贸|工贸|供应链管理|供应链|实业|物资|国际|进出口|投资|控股|电商|分销|sales|trading|holdings?)$"
)
_SPACE = re.compile(r"\s+")


@lru_cache(maxsize=65_536)
def stem_of(name: str) -> tuple[str, bool]:
    """Return what is left of a company's name without legal form and such words, and whether it is a branch's name."""
    left = _SPACE.sub("", unicodedata.normalize("NFKC", name).casefold())
    branch = _BRANCH.match(left)
    if branch is not None:
        left = branch.group(1)
    while True:
        shorter = _WORDS.sub("", _FORM.sub("", left)).strip("()-· ")
        if shorter == left or not shorter:
            return left, branch is not None
        left = shorter


def keys_of(member: Member) -> frozenset[tuple[str, str]]:
    """Return what a member has in common with its kin, by kind: account, code and name."""
    return frozenset(_keys(member.name, member.uscc, member.address))


def _keys(name: str, uscc: str, address: str) -> Iterator[tuple[str, str]]:
    yield "account", address
    if len(uscc) == USCC:
        yield "code", uscc[8:17]
    stem, _ = stem_of(name)
    if len(stem) >= LEAST:
        yield "name", stem


class Kin:
    """Some members with their history."""

    def __init__(self, histories: Histories, members: Collection[str]) -> None:
        self._members = by_id(histories.having(Member, "id", members))

    def heights(self, members: Iterable[str]) -> list[int]:
        """Return the heights at which one of these members changed."""
        return heights_of(*(self._members.get(one, ()) for one in members))

    def keys(self, member: str) -> set[tuple[str, str]]:
        """Return what a member ever had in common with its kin."""
        return {key for one in self._members.get(member, ()) for key in keys_of(one)}

    def between(self, one: str, other: str, height: int) -> tuple[str, tuple[int, int]] | None:
        """Return the strongest evidence that two members are one controller's, and the positions of its records."""
        mine, theirs = current(self._members.get(one, ()), height), current(self._members.get(other, ()), height)
        if mine is None or theirs is None:
            return None
        kinds = {kind for kind, _ in keys_of(mine) & keys_of(theirs)}
        if "name" in kinds and (stem_of(mine.name)[1] or stem_of(theirs.name)[1]):
            kinds.add("branch")
        if not kinds:
            return None
        return max(kinds, key=lambda kind: (STRENGTH[kind], kind)), (mine.from_position, theirs.from_position)


def kindred(market: Market, members: Any) -> Any:
    """Return those of some members (``member``) who have something in common, as an Ibis table: member, key."""
    import ibis

    known = market.stated(Member)
    known = known.semi_join(members, known.id == members.member)
    rows = market.backend.to_pyarrow(known.select("id", "name", "uscc", "address").distinct())
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for member, *stated in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        for kind, value in _keys(*stated):
            holders[f"{kind} {value}"].add(member)
    pairs = [
        (member, key) for key, sharing in sorted(holders.items()) if len(sharing) > 1 for member in sorted(sharing)
    ]
    columns = {"member": [member for member, _ in pairs], "key": [key for _, key in pairs]}
    return ibis.memtable(columns, schema={"member": "string", "key": "string"})
