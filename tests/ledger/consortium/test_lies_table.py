"""docs/lies.md is the table of lies, and the table reaches every code that a refusal or a finding can have."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ledger.consortium.lies import UNTOLD, Answer, Liar, Lie, lies
from ledger.consortium.market.trouble.table import NOT_PLANTED, PATTERNS
from ledger.finding import Code

ROOT = Path(__file__).parents[3]
LEDGER = ROOT / "ledger"
PAGE = (ROOT / "docs" / "lies.md").read_text(encoding="utf-8")
LIES = lies()
ERRORS = {"Malformed", "ProofFailed", "SealerChangeUnexplained", "SourceUnreachable", "LedgerError"}
# What judges the words of others; each of its codes is some lie's answer.
JUDGES = [
    *(
        LEDGER / f"{name}.py"
        for name in ("trust", "admission", "anchor", "contracts", "mapped", "following", "replica", "surplus")
    ),
    *(LEDGER / f"{name}.py" for name in ("comparison", "bundle")),
    *sorted((LEDGER / "chains").glob("*.py")),
    LEDGER / "proofs" / "form.py",
    LEDGER / "proofs" / "verifier.py",
]
COMPOSED = {"f'{tree}-path'": {"transactions-path", "receipts-path"}}


def codes_of(file: Path) -> set[str]:
    """The codes of the errors that a file raises, and those whose expression stands in COMPOSED for nobody."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
            code = node.args[0]
            found |= {str(code.value)} if isinstance(code, ast.Constant) else COMPOSED[ast.unparse(code)]
    return found


REFUSALS = {code for file in JUDGES for code in codes_of(file)}
FINDINGS = {code.value for code in Code}


def reached(*answers: Answer) -> set[str]:
    return {code for lie in LIES if lie.answer in answers for code in lie.codes}


def test_every_refusal_that_can_be_provoked_is_some_lies_answer() -> None:
    told = reached(Answer.REFUSED, Answer.FAILED)
    assert len(REFUSALS) > 45
    assert sorted(REFUSALS - told) == sorted(UNTOLD.keys() & REFUSALS), "tell a lie that meets it, or say why not"


def test_every_finding_is_some_lies_answer() -> None:
    told = reached(Answer.FOUND)
    assert sorted(FINDINGS - told) == sorted(UNTOLD.keys() & FINDINGS), "tell a lie that shows it, or say why not"
    assert told <= FINDINGS
    first = [lie.name for lie in LIES if lie.answer is Answer.FOUND]
    assert sorted(first) == sorted(told), "a lie for each, named by it"


def test_what_cannot_be_told_is_a_code_and_says_why() -> None:
    assert UNTOLD.keys() <= REFUSALS | FINDINGS
    assert all(why.endswith(".") for why in UNTOLD.values())
    assert {code for code in NOT_PLANTED if code not in UNTOLD} <= reached(Answer.FOUND)


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_a_lie_says_what_it_is_and_has_codes_as_its_answer_asks(lie: Lie) -> None:
    assert re.fullmatch(r"[A-Z][^|\n]+\.", lie.says)
    assert bool(lie.codes) == (lie.answer not in (Answer.UNPROVEN, Answer.INDETERMINATE))
    assert (lie.answer is Answer.FOUND) <= (lie.liar in (Liar.MEMBER, Liar.SEALERS))
    assert (lie.liar in (Liar.PEER, Liar.PROVER)) or lie.answer not in (Answer.FAILED, Answer.INDETERMINATE)


def test_names_are_unique() -> None:
    assert len({lie.name for lie in LIES}) == len(LIES)


def row(lie: Lie) -> str:
    """The lie as the page has it."""
    answer = " ".join([lie.answer.value, ", ".join(f"`{code}`" for code in lie.codes)]).strip()
    return f"| `{lie.name}` | {lie.says} | {lie.liar.value} | {answer} |"


def rows(heading: str, columns: int) -> list[str]:
    """The rows below a heading, up to the next of its kind."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [line for line in section.splitlines() if line.startswith("| `") and line.count("|") == columns + 1]


def test_the_page_is_the_table() -> None:
    told = rows("Every lie", 4)
    assert told == [row(lie) for lie in LIES]


def test_the_page_names_who_can_lie_and_what_answers() -> None:
    words = PAGE.split("\n## Every lie\n", 1)[0]
    for each in (*Liar, *Answer):
        assert f"**{each.value}**" in words


def test_the_page_says_what_cannot_be_told() -> None:
    assert rows("What cannot be told", 2) == [f"| `{code}` | {why} |" for code, why in UNTOLD.items()]


def test_the_page_names_the_patterns_that_no_record_shows() -> None:
    section = PAGE.split("\n## What no record shows\n", 1)[1]
    assert {name for name in PATTERNS if f"`{name}`" not in section} == set()
