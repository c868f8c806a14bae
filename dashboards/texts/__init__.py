"""Every text a person sees, on a page or on a terminal, in Chinese and English, in one table.

Each area has a file; a text is asked for by its name. A name that is missing in either language is a programming error
that a test finds. What the engine says in sentences is in ``sentences``, and found by ``engine``.
"""

from __future__ import annotations

from enum import StrEnum

from dashboards.texts.authenticity import AUTHENTICITY
from dashboards.texts.casework import CASEWORK
from dashboards.texts.deal import DEAL
from dashboards.texts.findings import FINDINGS
from dashboards.texts.kinds import KINDS
from dashboards.texts.measures import MEASURES
from dashboards.texts.pages import PAGES
from dashboards.texts.terminal import TERMINAL
from dashboards.texts.words import WORDS

__all__ = ["TEXTS", "Language", "text", "word"]


class Language(StrEnum):
    """The languages of pages, reports and answers; Chinese comes first."""

    ZH = "zh"
    EN = "en"


#: name -> (Chinese, English); a test holds no name given twice
TEXTS: dict[str, tuple[str, str]] = {
    **PAGES, **TERMINAL, **DEAL, **MEASURES, **WORDS, **AUTHENTICITY, **CASEWORK, **FINDINGS, **KINDS,
}  # fmt: skip


def text(name: str, /, language: Language, **values: object) -> str:
    """The text of that name in that language, with ``values`` put in place."""
    chinese, english = TEXTS[name]
    return (chinese if language is Language.ZH else english).format(**values)


def word(group: str, value: str, language: Language) -> str:
    """The word for a value of the ledger's vocabulary; the value itself where there is none, such as a number."""
    name = f"{group}_{value}"
    return text(name, language) if name in TEXTS else value
