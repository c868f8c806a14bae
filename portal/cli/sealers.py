"""`glasspool sealers` and `repin`: whom this node trusts to sign, and what an operator may say about it."""

from __future__ import annotations

import getpass
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from ledger.anchor import Anchor, SealerPin, Trusted, quorum
from ledger.chains.shape import Sealer
from ledger.errors import LedgerError
from ledger.pinning import named_by, pin_sealers, repin
from portal.cli.block import printable
from portal.cli.console import emit, progress
from portal.cli.node import pairs, refused_with
from portal.cli.parameters import Address, Hash32, JsonFlag
from portal.errors import PortalError
from portal.node import opened_store, read_maps, read_pin
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.pinning import Named
    from ledger.store import Store

Option = typer.Option
MAX_NAME = 100
MAX_WEIGHT = 2**32


def now() -> datetime:
    """Return this instant; a test puts another clock in its place."""
    return datetime.now(UTC)


clock: Callable[[], datetime] = now


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Whom this node trusts to sign blocks.", invoke_without_command=True)
    group.callback()(show)
    group.command("pin")(pin)
    app.add_typer(group, name="sealers")
    app.command("repin")(choose_again)


def _held(store: Store) -> tuple[Anchor, Trusted]:
    anchor, trusted = store.anchor(), store.trusted()
    if anchor is None or trusted is None:
        raise LedgerError("not-joined", "This node follows no chain yet", next_step="Run `glasspool init` first.")
    return Anchor.from_json(anchor), Trusted.from_json(trusted)


def listed(sealers: tuple[Sealer, ...]) -> list[dict[str, object]]:
    """Return sealers as the answers print them."""
    return [{"key": each.key.hex(), "weight": each.weight} for each in sealers]


def show(context: typer.Context, as_json: Annotated[bool, JsonFlag] = False) -> None:
    """Say which sealers are trusted, what changed them, and which a refused block names."""
    if context.invoked_subcommand is not None:
        return
    settings = Settings()
    with opened_store(settings) as store:
        anchor, trusted = _held(store)
    refused = _refused(settings.evidence, anchor, trusted.height + 1)
    answer: dict[str, Any] = {
        "height": trusted.height,
        "sealers": listed(trusted.sealers),
        "quorum": quorum(trusted.sealers),
        "voted_for_next_block": None if trusted.successors is None else listed(trusted.successors),
        "changed_by_votes_in": list(trusted.epochs),
        "pins": [_pin(each, trusted) for each in trusted.pins],
        "refused_block": refused and refused.as_json(),
    }
    emit(answer, _tables(answer, trusted, refused), as_json=as_json)


def _pin(each: SealerPin, trusted: Trusted) -> dict[str, object]:
    state = "applied" if each.height <= trusted.height else "waiting for its block"
    return {"height": each.height, "by": each.by, "at": each.at, "state": state, "sealers": listed(each.sealers)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    """A block that was refused for its sealers; ``named`` is None where its reason was kept, and the block was not."""

    file: Path
    height: int
    named: Named | None

    @property
    def next_step(self) -> str | None:
        """What to do to see the sealers it names."""
        if self.named is not None:
            return None
        return f"The block itself was not kept: move what is in {self.file.parent} elsewhere, and sync again."

    def as_json(self) -> dict[str, object]:
        """Return it as the answer prints it."""
        sealers = None if self.named is None else listed(self.named.sealers)
        return {"file": str(self.file), "height": self.height, "sealers": sealers, "next_step": self.next_step}


def _tables(answer: dict[str, Any], trusted: Trusted, refused: _Refused | None) -> Group:
    own = {each.key for each in trusted.sealers}
    table = Table(title=f"trusted at block {trusted.height}", caption=f"a quorum weighs {answer['quorum']}")
    parts: list[Table] = [_listed(table, trusted.sealers)]
    if refused is not None and refused.named is not None:
        marked = Table(title=f"named by block {refused.height}, which was refused", caption="+ is not trusted now")
        parts.append(_listed(marked, refused.named.sealers, own))
    votes = ", ".join(map(str, answer["changed_by_votes_in"])) or "no block"
    rest: dict[str, object] = {"changed by votes in": votes}
    if refused is not None and refused.named is None:
        rest[f"block {refused.height} was refused"] = f"for its sealers. {refused.next_step}"
    for each in answer["pins"]:
        rest[f"pinned for block {each['height']}"] = f"by {each['by']} at {each['at']}, {each['state']}"
    return Group(*parts, pairs(rest))


def _listed(table: Table, sealers: tuple[Sealer, ...], known: set[bytes] | None = None) -> Table:
    for heading in ("", "key", "weight"):
        table.add_column(heading, overflow="fold")
    for at, each in enumerate(sealers):
        mark = "+" if known is not None and each.key not in known else ""
        table.add_row(f"{mark}{at}", each.key.hex(), str(each.weight))
    return table


def _refused(folder: Path, anchor: Anchor, height: int) -> _Refused | None:
    """Return the block refused because of its sealers at this height, and what it names; of several the last kept.

    In a full folder the reason alone is kept, and blocks may have been moved elsewhere.
    """
    reasons = [
        reason
        for reason in (folder.glob(f"block-{height:012d}*.reason.json") if folder.exists() else ())
        if json.loads(reason.read_text("utf-8"))["code"] == "sealers"
    ]
    blocks = [reason.with_name(reason.name.replace(".reason.json", ".json")) for reason in reasons]
    kept = [block for block in blocks if block.exists()]
    if not reasons:
        return None
    file = max(kept or reasons, key=lambda each: (each.stat().st_mtime_ns, each.name))
    return _Refused(file=file, height=height, named=named_by(file.read_bytes(), anchor) if kept else None)


def pin(
    file: Annotated[Path | None, typer.Argument(help="The refused block, as kept in the evidence folder.")] = None,
    height: Annotated[int | None, Option(help="The block to pin for, with --sealer.", min=1)] = None,
    sealer: Annotated[
        list[str] | None, Option(help="KEY:WEIGHT of a sealer, for each of the whole set.", metavar="KEY:WEIGHT")
    ] = None,
    by: Annotated[str | None, Option(help="Who says so; by default the name of this login.")] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Trust other sealers for exactly the next block, after asking the consortium; the pin stays on record."""
    settings = Settings()
    with opened_store(settings) as store:
        anchor, _ = _held(store)
        if (file is None) == (height is None or not sealer):
            raise PortalError(
                "no-pin",
                "Nothing says which sealers to trust",
                next_step="Give the refused block's file, or --height and a --sealer for each of the set.",
            )
        if file is not None:
            if height is not None or sealer:
                raise PortalError("usage", "A file says height and sealers by itself", next_step="Leave them out.")
            named = named_by(_read(file), anchor)
            at_height, sealers = named.height, named.sealers
        else:
            at_height, sealers = height or 0, tuple(_sealer(each) for each in sealer or ())
        trusted = pin_sealers(
            store,
            SealerPin(height=at_height, sealers=sealers, by=_name(by), at=clock().isoformat(timespec="seconds")),
        )
    kept = trusted.pins[-1]
    answer = {"height": kept.height, "by": kept.by, "at": kept.at, "sealers": listed(kept.sealers)}
    emit(
        answer,
        _listed(Table(title=f"pinned for block {kept.height} by {escape(kept.by)}"), kept.sealers),
        as_json=as_json,
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as failure:
        raise PortalError(
            "file", f"{file} cannot be read: {failure.strerror}", next_step="Give the path of a readable file."
        ) from None


def _sealer(text: str) -> Sealer:
    key, _, weight = text.partition(":")
    try:
        found = Sealer(key=bytes.fromhex(key.removeprefix("0x")), weight=int(weight or "1"))
    except ValueError:
        found = Sealer(key=b"", weight=0)
    if len(found.key) != 64 or not 0 < found.weight < MAX_WEIGHT or not (weight or "1").isdecimal():
        raise PortalError("sealer", f"{text[:40]!r} is no sealer", next_step="Give 128 hex digits, a colon, a weight.")
    return found


def _name(by: str | None) -> str:
    name = printable((getpass.getuser() if by is None else by).strip())[:MAX_NAME]
    if not name:
        raise PortalError("name", "A pin needs the name of who says so", next_step="Give --by NAME.")
    return name


def choose_again(
    genesis_hash: Annotated[str | None, Hash32(help="The genesis hash; by default the one pinned now.")] = None,
    contract: Annotated[list[str] | None, Address(help="A record book to read; may be repeated.")] = None,
    pin: Annotated[Path | None, Option(help="A node.toml with both, told by the consortium.")] = None,
    mapped: Annotated[
        list[str] | None, Option("--map", metavar="ADDRESS=FILE", help="Another platform's contract and its map.")
    ] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Read other contracts of the same ledger, once every stored block follows from that pin; then rebuild."""
    settings = Settings()
    with opened_store(settings) as store, refused_with(as_json), progress("verifying") as advance:
        anchor, _ = _held(store)
        if pin is not None:
            wanted = read_pin(pin)
            hash_, contracts, maps = wanted.genesis_hash, wanted.contracts, dict(wanted.maps)
        elif contract or mapped:
            hash_ = bytes.fromhex(genesis_hash.removeprefix("0x")) if genesis_hash else anchor.genesis_hash
            named = tuple(bytes.fromhex(each.removeprefix("0x")) for each in contract or ())
            contracts, maps = named or anchor.contracts, dict(anchor.maps)
        else:
            raise PortalError(
                "no-pin", "Nothing says what to read", next_step="Give --pin node.toml, --contract or --map."
            )
        chosen, changed = repin(
            store,
            genesis_hash=hash_,
            contracts=contracts,
            maps=tuple(sorted({**maps, **dict(read_maps(mapped or ()))}.items())),
            engine=settings.sm_engine,
            workers=settings.verifying_processes,
            watch=lambda _, target: advance(1, total=target),
        )
    answer = {
        "changed": changed,
        "genesis_hash": "0x" + chosen.genesis_hash.hex(),
        "contracts": ["0x" + each.hex() for each in chosen.contracts],
        "maps": ["0x" + address.hex() for address, _ in chosen.maps],
        "facts": "stale: run `glasspool rebuild`" if changed else "as before",
    }
    emit(answer, pairs(answer), as_json=as_json)
