"""What every page is put together from."""

from __future__ import annotations

import panel as pn
from panel.util.parameters import edit_readonly
from panel_material_ui.template.base import Page

from dashboards.parts import page_of


def test_a_page_hears_nothing_of_other_sessions_being_busy() -> None:
    """Panel's own page does; so its closing could lose a click on another."""
    ours, theirs = page_of(), Page()
    try:
        with edit_readonly(pn.state):
            pn.state.busy = True  # type: ignore[misc]
        assert theirs.busy
        assert not ours.busy
    finally:
        with edit_readonly(pn.state):
            pn.state.busy = False  # type: ignore[misc]
