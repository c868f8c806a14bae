"""The node as its settings describe it: its store, its source, the chain it joined."""

from __future__ import annotations

import re
import tomllib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.contract_map import load_contract_map
from ledger.keyring import NO_KEYS
from ledger.patience import Patient
from ledger.sources import open_source
from ledger.store import Store
from portal.errors import PortalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ledger.keyring import Keyring
    from ledger.sources import Source
    from portal.settings import Settings

__all__ = [
    "Pin",
    "created_store",
    "known_sources",
    "masked",
    "opened_sources",
    "opened_store",
    "read_maps",
    "read_pin",
    "remember_sources",
    "wanted_sources",
]

SOURCE_FILE = "source"  # the locations given to `glasspool init`, remembered in the home folder

_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")
_BEHIND_HOST = re.compile(r"(https?://[^/\s?#'\"]+)(?:/(?=[^\s'\":])|/?[?#])[^\s'\":]*")


class NotJoined(PortalError):
    """The node's home holds no database yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What an operator gets from the consortium out of band: the genesis hash, and the record books to read."""

    genesis_hash: bytes
    contracts: tuple[bytes, ...]
    maps: tuple[tuple[bytes, str], ...] = ()
    """Other platforms' contracts by address, each with its map as JSON text."""


def read_maps(given: Sequence[str], beside: Path = Path()) -> tuple[tuple[bytes, str], ...]:
    """Return the contract maps that ADDRESS=FILE texts name; files are looked for ``beside``.

    Raises PortalError ``map`` for a text that is none, Malformed ``contract-map`` for a file that is none.
    """
    found = {}
    for text in given:
        address, _, file = text.partition("=")
        digits = address.removeprefix("0x")
        if re.fullmatch(r"[0-9a-fA-F]{40}", digits) is None or not file:
            raise PortalError(
                "map",
                f"{text!r} names no contract and its map",
                next_step="Give 0xADDRESS=FILE, 40 digits and a TOML file.",
            )
        found[bytes.fromhex(digits)] = load_contract_map(beside / file).to_json()
    return tuple(sorted(found.items()))


def read_pin(file: Path) -> Pin:
    """Return the pin in a `node.toml`; raises PortalError when it is not one."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))["pin"]
        contracts = tuple(bytes.fromhex(each.removeprefix("0x")) for each in data["contracts"])
        maps = read_maps([f"{address}={name}" for address, name in data.get("maps", {}).items()], file.parent)
        pin = Pin(genesis_hash=bytes.fromhex(data["genesis_hash"].removeprefix("0x")), contracts=contracts, maps=maps)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as failure:
        raise PortalError(
            "pin", f"{file} holds no pin: {failure}", next_step="Give --genesis-hash and --contract instead."
        ) from None
    if len(pin.genesis_hash) != 32 or not (contracts or maps) or any(len(each) != 20 for each in contracts):
        raise PortalError(
            "pin", f"{file} holds no usable pin", next_step="A genesis hash has 32 bytes, a contract's address 20."
        )
    return pin


@contextmanager
def opened_store(settings: Settings, keys: Keyring = NO_KEYS) -> Iterator[Store]:
    """Open the node's store; raises NotJoined when there is none. Whoever makes facts gives the reader's ``keys``."""
    if not settings.database and not (settings.home / "ledger.db").exists():
        raise NotJoined(
            "not-joined",
            f"There is no node in {settings.home}",
            next_step="Run `glasspool init SOURCE --pin node.toml` first, or set GLASSPOOL_HOME to the node's folder.",
        )
    with Store.open(settings.database_url, keys=keys) as store:
        yield store


@contextmanager
def created_store(settings: Settings) -> Iterator[Store]:
    """Open the node's store, made where there is none."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise _unwritable(settings.home, failure) from None
    with Store.create(settings.database_url) as store:
        yield store


def known_sources(settings: Settings) -> tuple[str, ...]:
    """Return the sources that the settings or `glasspool init` named, in order; none where nobody did."""
    remembered = settings.home / SOURCE_FILE
    if settings.sources or not remembered.exists():
        return settings.sources
    return tuple(each for each in remembered.read_text("utf-8").splitlines() if each.strip())


def wanted_sources(settings: Settings, given: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the given sources, or the known ones. Raises PortalError ``no-source``."""
    wanted = tuple(given or known_sources(settings))
    if not wanted:
        raise PortalError(
            "no-source", "No source of blocks is known", next_step="Give --source, or set GLASSPOOL_SOURCE."
        )
    return wanted


@contextmanager
def opened_sources(
    settings: Settings,
    locations: Sequence[str],
    *,
    seconds: float,
    head_seconds: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[Source, ...]]:
    """Open sources, all of them asked for their heads at once.

    None is waited for longer than ``seconds`` for one block, and ``head_seconds`` for its head, or once stopped.
    """
    with ExitStack() as stack:
        opened = []
        for location in locations:
            source = Patient(
                open_source(location, group=settings.group), seconds=seconds, head_seconds=head_seconds, stop=stop
            )
            stack.callback(source.close)
            opened.append(source)
        for source in opened:
            source.ask()
        yield tuple(opened)


def remember_sources(settings: Settings, locations: Sequence[str]) -> None:
    """Keep the locations for the next command, one a line; a path is kept absolute.

    Only the operator may read them: an address may hold a password.
    """
    lines = [each if each.startswith(("http://", "https://")) else str(Path(each).resolve()) for each in locations]
    file = settings.home / SOURCE_FILE
    part = file.with_suffix(".part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        part.replace(file)
    except OSError as failure:
        raise _unwritable(file, failure) from None


def _unwritable(path: Path, failure: OSError) -> PortalError:
    return PortalError(
        "unwritable",
        f"{path} cannot be written ({failure.strerror})",
        next_step="Check the folder, its owner and the space, or set GLASSPOOL_HOME to another one.",
    )


def masked(text: str) -> str:
    """Return a text without what its addresses may keep secret: names and passwords, and what follows a web host."""
    return _BEHIND_HOST.sub(r"\1/…", _CREDENTIALS.sub("***@", text))
