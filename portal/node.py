"""The node as its settings describe it: its store, its source, the chain it joined."""

from __future__ import annotations

import tomllib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.sources import open_source
from ledger.store import Store
from portal.errors import PortalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.sources import Source
    from portal.settings import Settings

__all__ = ["Pin", "opened_source", "opened_store", "read_pin"]

SOURCE_FILE = "source"  # the location given to `glasspool init`, remembered in the home folder


class NotJoined(PortalError):
    """The node's home holds no database yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What an operator gets from the consortium out of band: the genesis hash, and the record books to read."""

    genesis_hash: bytes
    contracts: tuple[bytes, ...]


def read_pin(file: Path) -> Pin:
    """Return the pin in a `node.toml`; raises PortalError when it is not one."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))["pin"]
        contracts = tuple(bytes.fromhex(each.removeprefix("0x")) for each in data["contracts"])
        pin = Pin(genesis_hash=bytes.fromhex(data["genesis_hash"].removeprefix("0x")), contracts=contracts)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as failure:
        raise PortalError(
            "pin", f"{file} holds no pin: {failure}", next_step="Give --genesis-hash and --contract instead."
        ) from None
    if len(pin.genesis_hash) != 32 or not contracts or any(len(each) != 20 for each in contracts):
        raise PortalError(
            "pin", f"{file} holds no usable pin", next_step="A genesis hash has 32 bytes, a contract's address 20."
        )
    return pin


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """Open the node's store; raises NotJoined when there is none."""
    if not settings.database and not (settings.home / "ledger.db").exists():
        raise NotJoined(
            "not-joined",
            f"There is no node in {settings.home}",
            next_step="Run `glasspool init SOURCE --pin node.toml` first, or set GLASSPOOL_HOME to the node's folder.",
        )
    with Store.open(settings.database_url) as store:
        yield store


@contextmanager
def created_store(settings: Settings) -> Iterator[Store]:
    """Open the node's store, made where there is none."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with Store.create(settings.database_url) as store:
        yield store


def known_source(settings: Settings) -> str:
    """Return the source that the settings or `glasspool init` named, or nothing."""
    remembered = settings.home / SOURCE_FILE
    return settings.source or (remembered.read_text("utf-8").strip() if remembered.exists() else "")


@contextmanager
def opened_source(settings: Settings, location: str | None = None) -> Iterator[Source]:
    """Open the given source, or the known one."""
    where = location or known_source(settings)
    if not where:
        raise PortalError(
            "no-source", "No source of blocks is known", next_step="Give --source, or set GLASSPOOL_SOURCE."
        )
    source = open_source(where, group=settings.group)
    try:
        yield source
    finally:
        source.close()


def remember_source(settings: Settings, location: str) -> None:
    """Keep the location for the next command; a path is kept absolute."""
    is_url = location.startswith(("http://", "https://"))
    text = location if is_url else str(Path(location).resolve())
    (settings.home / SOURCE_FILE).write_text(text + "\n", encoding="utf-8")
