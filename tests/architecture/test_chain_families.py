"""Which chain a block is of is known where it is parsed and fetched, and nowhere else."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("portal", "dashboards", "regulator", "disclosure", "abs", "ledger")
# The families themselves, how their nodes are asked, and the local consortium, which is a chain of one of them.
MAY_KNOW = ("ledger/chains/", "ledger/sources/", "ledger/consortium/")


def families_named(source: str) -> set[str]:
    """The chain families whose modules a source imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {part for name in names for part in name.split(".") if part.startswith("fisco")}
    return found


def test_no_other_module_names_a_family() -> None:
    knowing = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(MAY_KNOW) and (found := families_named(path.read_text(encoding="utf-8"))):
                knowing[name] = found
    assert not knowing, "ask for what differs through ledger.chains.Chain"


def test_every_spelling_is_seen() -> None:
    sources = ("from ledger.chains import fisco3", "from ledger.chains.fisco2 import x", "import ledger.chains.fisco3")
    assert all(families_named(source) for source in sources)
