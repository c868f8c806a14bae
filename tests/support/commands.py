"""A command as a user runs it, in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from portal.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.sources import RawBlock


class Ran:
    """What one command printed, and its exit code."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> None:
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in arguments])
        self.code = ended.value.code
        self.out, self.err = capsys.readouterr()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def archived(folder: Path, blocks: list[RawBlock]) -> Path:
    """Write blocks as an archive of one file; again, it is replaced by these."""
    folder.mkdir(exist_ok=True)
    part = folder / "part"
    part.write_bytes(b"".join(block.document + b"\n" for block in blocks))
    part.replace(folder / "000000000000.jsonl")
    return folder
