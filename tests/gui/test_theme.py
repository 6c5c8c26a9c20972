"""Colours that can be read by everybody."""

from __future__ import annotations

import pytest

from fieldapp.gui.theme import DARK, LIGHT, Colours, contrast

pytestmark = pytest.mark.gui


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read_on_every_ground(theme: Colours) -> None:
    for ground in (theme.window, theme.panel, theme.raised, theme.stage):
        for ink in (theme.text, theme.muted, theme.accent, theme.red):
            assert contrast(ink, ground) >= 4.5, (ink, ground)
    for ink, ground in ((theme.on_accent, theme.accent), (theme.on_red, theme.red), (theme.amber, theme.amber_soft), (theme.accent, theme.accent_soft)):
        assert contrast(ink, ground) >= 4.5, (ink, ground)


def test_contrast_of_black_on_white_is_twenty_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
