"""The documentation names every command, option and setting there is, and links only to pages that are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer.main

from portal.cli import application
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

DOCS = Path(__file__).parents[2] / "docs"


def commands(command: click.Command, path: tuple[str, ...] = ("glasspool",)) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its whole name."""
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, (*path, name))
    if not hasattr(command, "commands"):
        yield " ".join(path), command


COMMANDS = dict(commands(typer.main.get_command(application())))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_documented_with_its_options(name: str) -> None:
    text = re.sub(r"\s+", " ", (DOCS / "cli.md").read_text("utf-8"))
    assert f"`{name}" in text
    options = {each for option in COMMANDS[name].params for each in option.opts if each.startswith("--")}
    assert options - {option for option in options if option in text} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_answers_has_json(name: str) -> None:
    options = {each for option in COMMANDS[name].params for each in option.opts}
    assert "--json" in options or name.endswith("serve")


def test_every_setting_is_documented_and_nothing_else() -> None:
    text = (DOCS / "install.md").read_text("utf-8")
    settings = {f"GLASSPOOL_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"`(GLASSPOOL_[A-Z_]+)`", text)) - {"GLASSPOOL_", "GLASSPOOL_KEY_PASSPHRASE"} == settings


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_every_page_is_reached_from_the_index() -> None:
    text = (DOCS / "index.md").read_text("utf-8")
    pages = {page.name for page in DOCS.glob("*.md")} - {"index.md"}
    assert {name for name in pages if f"({name})" not in text} == set()
