"""How numbers look, and that every text is there in both languages."""

from __future__ import annotations

import re
import string
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from dashboards import formats
from dashboards.texts import TEXTS, Language, text
from ledger.records import KINDS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("fen", "shown"),
    [
        (0, "0.00"),
        (5, "0.05"),
        (100, "1.00"),
        (123_456_789, "1,234,567.89"),
        (-5, "−0.05"),
        (-123_456, "−1,234.56"),
        (10**17 + 1, "1,000,000,000,000,000.01"),
        (None, "—"),
    ],
)
def test_amounts_show_every_fen(fen: int | None, shown: str) -> None:
    assert formats.amount(fen) == shown


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [("0.1569", "15.69%"), ("0.00005", "0.01%"), ("1", "100.00%"), ("-0.015", "−1.50%"), ("12.5", "1,250.00%")],
)
def test_ratios_show_as_per_cent_half_up(ratio: str, shown: str) -> None:
    assert formats.percent(Decimal(ratio)) == shown


def test_what_is_not_there_is_a_dash_and_never_a_zero() -> None:
    for empty in (
        formats.percent(None),
        formats.number(None, 2),
        formats.count(None),
        formats.day(None),
        formats.days(None, Language.ZH),
    ):
        assert empty == formats.NOTHING


@pytest.mark.parametrize(
    ("largest", "language", "label", "value"),
    [
        (0, Language.ZH, "元", 0),
        (2_999_999, Language.ZH, "元", 29_999.99),
        (3_000_000, Language.ZH, "万元", 3),
        (30_000_000_000, Language.ZH, "亿元", 3),
        (300_000, Language.EN, "CNY thousand", 3),
        (300_000_000, Language.EN, "CNY million", 3),
    ],
)
def test_an_axis_has_the_largest_unit_that_stays_readable(
    largest: int, language: Language, label: str, value: float
) -> None:
    scale = formats.scale_for(largest, language)
    assert scale.label == label
    assert scale.of(largest) == pytest.approx(value)


def test_days_dates_and_instants() -> None:
    assert formats.days(Decimal("26.349"), Language.EN) == "26.3 days"
    assert formats.days(1200, Language.ZH) == "1,200 天"
    assert formats.day(date(2024, 2, 29)) == "2024-02-29"
    assert formats.instant(datetime(2024, 2, 29, 23, 59, 59, 999_000, tzinfo=UTC)) == "2024-02-29 23:59:59 UTC"


def test_long_identifiers_keep_both_ends() -> None:
    assert formats.short_id("AR-24322000000010003928") == "AR-2432…10003928"
    assert formats.short_id("AR-1") == "AR-1"
    assert formats.short_hash("0x" + "ab" * 32) == "0xabababab…ababab"


def test_every_text_has_both_languages_and_the_same_places() -> None:
    for name, (chinese, english) in TEXTS.items():
        assert chinese.strip(), name
        assert english.strip(), name
        places = [{field for _, field, _, _ in string.Formatter().parse(each) if field} for each in (chinese, english)]
        assert places[0] == places[1], name


def test_every_kind_of_record_has_a_name() -> None:
    assert not [kind for kind, _ in KINDS if f"step_{kind}" not in TEXTS]


def test_a_text_is_filled_in() -> None:
    assert text("rows_shown", Language.ZH, first=1, last=25, total="2,466") == "第 1–25 笔，共 2,466 笔"


def test_templates_hold_no_words_of_their_own() -> None:
    templates = [*(ROOT / "dashboards/templates").glob("*.html"), *(ROOT / "portal/templates").glob("*.html")]
    assert templates
    for template in templates:
        source = re.sub(r"\{[{%#].*?[}%#]\}", "", template.read_text(encoding="utf-8"), flags=re.DOTALL)
        source = re.sub(r"<style>.*?</style>|<!DOCTYPE[^>]*>|<[^>]*>", "", source, flags=re.DOTALL)
        assert not re.search(r"[A-Za-z\u4e00-\u9fff]", source), (template.name, source)


def test_every_name_used_in_a_template_is_a_text() -> None:
    for template in [*(ROOT / "dashboards/templates").glob("*.html"), *(ROOT / "portal/templates").glob("*.html")]:
        for name in re.findall(r"""\bt\("([a-z_0-9.]+)"[,)]""", template.read_text(encoding="utf-8")):
            assert name in TEXTS, (template.name, name)


#: Texts that are asked for by a code: tests/dashboards/test_texts_of_the_engine.py holds those of the engine.
COMPOSED = (
    "act_", "actual_", "by_", "cause_", "chart_", "class_", "cover_", "coverage_", "did_", "differs_", "family_",
    "field_", "figure_", "filter_", "flag_", "how_", "item_", "label_", "left_", "level_", "measure_", "outcome_",
    "part_", "proof_", "rank_", "reason_", "refused_", "region_", "rounding_",
    "rule_", "scenario_", "severity_", "short_", "shown_", "side_", "state_", "step_", "unit_", "value_",
    "way_", "when_",
)  # fmt: skip


def test_no_text_is_left_over() -> None:
    sources = [*(ROOT / "dashboards").rglob("*"), *(ROOT / "portal").rglob("*")]
    tables = {path for path in (ROOT / "dashboards/texts").glob("*.py") if path.name != "engine.py"}
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in sources if path.suffix in {".py", ".html"} and path not in tables
    )
    unused = [
        name for name in TEXTS if f'"{name}"' not in code and f"'{name}'" not in code and not name.startswith(COMPOSED)
    ]
    assert not unused


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("palette", "paper"), [(formats.PALETTE_LIGHT, "#ffffff"), (formats.PALETTE_DARK, "#1a222b")], ids=["light", "dark"]
)
def test_text_stands_out_from_its_paper(palette: formats.Palette, paper: str) -> None:
    """WCAG 2.1, 1.4.3: a contrast of at least 4.5 for text; 1.4.11: at least 3 for what is drawn."""
    for colour, least in ((palette.ink, 4.5), (palette.muted, 4.5), (palette.accent, 4.5), (palette.primary, 3.0)):
        light, dark = sorted((_luminance(colour), _luminance(paper)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= least, colour
