"""How numbers, dates, identifiers and colours look on a page, in one place.

Amounts come in as integer fen (分) and leave as text; a chart scales them by one unit for its whole axis. Instants are
shown in UTC and say so, because the chain's clock is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

from dashboards.texts import Language, text

__all__ = [
    "NOTHING",
    "PALETTE_DARK",
    "PALETTE_LIGHT",
    "Palette",
    "Scale",
    "amount",
    "common_scale",
    "count",
    "day",
    "days",
    "instant",
    "number",
    "percent",
    "scale_for",
    "short_hash",
    "short_id",
]

#: Shown where there is no value, never an empty cell that could be taken for a zero.
NOTHING = "—"

_FEN_PER_YUAN = 100
_ID_CHARS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The unit of one axis or headline: ``fen`` in one unit, and what the unit is called."""

    fen: int
    label: str

    def of(self, value: int) -> float:
        """``value`` fen in this unit, for drawing only."""
        return value / self.fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours of the charts; every pair of text and background here has a contrast of at least 4.5 : 1."""

    ink: str
    muted: str
    grid: str
    primary: str
    accent: str
    rest: str
    aging: tuple[str, ...]  # from current to the longest overdue


PALETTE_LIGHT = Palette(
    ink="#1f2a37",
    muted="#5b6673",
    grid="#e4e8ee",
    primary="#1f5f8b",
    accent="#b4541a",
    rest="#b9c4d0",
    aging=("#1f5f8b", "#c9a227", "#d08a2a", "#c9692f", "#b84a35", "#a3343b", "#8a2242", "#6e1740"),
)
PALETTE_DARK = Palette(
    ink="#e6ebf1",
    muted="#a3afbc",
    grid="#33404d",
    primary="#63a9d8",
    accent="#e8935a",
    rest="#55636f",
    aging=("#63a9d8", "#e0c15a", "#e2a655", "#e08b58", "#dc7059", "#d4605f", "#c6536c", "#b34a78"),
)

_SCALES: dict[Language, tuple[tuple[int, str], ...]] = {
    Language.ZH: ((100, "元"), (1_000_000, "万元"), (10_000_000_000, "亿元")),
    Language.EN: ((100, "CNY"), (100_000, "CNY thousand"), (100_000_000, "CNY million"), (100_000_000_000, "CNY bn")),
}
_LEAST_UNITS = 3  # an axis whose largest value is only a unit or two would need decimals everywhere


def scale_for(largest: int, language: Language) -> Scale:
    """The largest unit in which ``largest`` fen is still several; the smallest unit when none does."""
    chosen = _SCALES[language][0]
    for fen, label in _SCALES[language]:
        if abs(largest) >= fen * _LEAST_UNITS:
            chosen = (fen, label)
    return Scale(fen=chosen[0], label=chosen[1])


def common_scale(largest: Sequence[int], language: Language) -> Scale:
    """One unit for charts side by side: that of the smallest, so that none needs fractions to be read."""
    return scale_for(min((abs(one) for one in largest if one), default=0), language)


def amount(fen: int | None) -> str:
    """Yuan with both decimals and thousands separated, exactly as on the ledger: ``1,234.50``."""
    if fen is None:
        return NOTHING
    sign = "−" if fen < 0 else ""
    yuan, cents = divmod(abs(fen), _FEN_PER_YUAN)
    return f"{sign}{yuan:,}.{cents:02d}"


def count(value: int | None) -> str:
    """A whole number with thousands separated."""
    return NOTHING if value is None else f"{value:,}"


def number(value: Decimal | None, places: int) -> str:
    """A decimal with ``places`` digits after the point, half up."""
    if value is None:
        return NOTHING
    rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{rounded:,.{places}f}".replace("-", "−")


def percent(ratio: Decimal | None) -> str:
    """A ratio as per cent with two decimals: 0.1569 is ``15.69%``."""
    return NOTHING if ratio is None else f"{number(ratio * 100, 2)}%"


def days(value: Decimal | int | None, language: Language) -> str:
    """A number of days with one decimal and its unit."""
    if value is None:
        return NOTHING
    shown = count(value) if isinstance(value, int) else number(value, 1)
    return text("days", language, count=shown)


def day(value: date | None) -> str:
    """A calendar day as ISO 8601 writes it."""
    return NOTHING if value is None else value.isoformat()


def instant(value: datetime) -> str:
    """An instant to the second, in UTC."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def short_id(value: str) -> str:
    """An identifier that fits a column; both ends stay, because identifiers of one file differ at their end."""
    return value if len(value) <= _ID_CHARS else f"{value[:7]}…{value[-8:]}"


def short_hash(value: str) -> str:
    """The ends of a long hexadecimal value; the whole belongs in the title beside it."""
    return value if len(value) <= 20 else f"{value[:10]}…{value[-6:]}"
