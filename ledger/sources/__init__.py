"""Where raw blocks come from. A source is a courier: it is asked by height, and nothing it says is believed."""

from __future__ import annotations

from pathlib import Path

from ledger.errors import SourceUnreachable
from ledger.sources.raw import RawBlock, Source

__all__ = ["RawBlock", "Source", "open_source"]


def open_source(location: str | Path, *, group: str = "group0") -> Source:
    """Return the source at ``location``: a node by its http(s) address, an archive by its folder or file.

    ``group`` is the group (群组) asked of a node; an archive holds one chain and has no use for it. A group whose name
    is a number is one of FISCO BCOS 2, and asked for in that way. Nothing is fetched yet. Raises SourceUnreachable
    ``source-location`` when the location is neither.
    """
    from ledger.sources.archive import ArchiveSource
    from ledger.sources.jsonrpc import JsonRpcSource, fisco3
    from ledger.sources.jsonrpc2 import fisco2, is_group

    scheme, separator, _ = str(location).partition("://")
    if not separator:
        return ArchiveSource(Path(location))
    if scheme.lower() in ("http", "https"):
        return JsonRpcSource(str(location), dialect=fisco2(group) if is_group(group) else fisco3(group))
    raise SourceUnreachable(
        "source-location",
        f"Blocks cannot be fetched over {scheme}.",
        next_step="Name a node as http://host:port or https://host:port, or an archive by its folder or file.",
    )
