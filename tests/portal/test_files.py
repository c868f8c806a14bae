"""Files that commands write appear whole or not at all, and what keeps them from it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.cli.files import whole, writing
from portal.errors import PortalError


def test_a_file_is_there_when_it_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("before")
    with whole(file) as partial:
        partial.write_text("after")
        assert file.read_text() == "before"
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("list.csv", "after")]


def test_what_fails_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    def half(file: Path) -> None:
        with whole(file) as partial:
            partial.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half(tmp_path / "list.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PortalError, match="cannot be written") as refused, whole(tmp_path / "no" / "a.csv") as partial:
        partial.write_text("something")
    assert refused.value.code == "file"
    assert refused.value.next_step


def test_what_is_no_file_is_written_to_as_it_is() -> None:
    with whole(Path("/dev/null")) as partial:
        assert partial == Path("/dev/null")


def test_others_who_write_whole_files_are_told_of_too(tmp_path: Path) -> None:
    with pytest.raises(PortalError, match="cannot be written") as refused, writing(tmp_path):
        tmp_path.write_text("something")
    assert refused.value.code == "file"


def test_a_link_is_followed_and_who_may_read_stays(tmp_path: Path) -> None:
    file, link = tmp_path / "proof.json", tmp_path / "link"
    file.write_text("before")
    file.chmod(0o600)
    link.symlink_to(file)
    for name in (file, link):
        with whole(name) as partial:
            partial.write_text(name.name)
        assert (file.read_text(), file.stat().st_mode & 0o777, link.is_symlink()) == (name.name, 0o600, True)
