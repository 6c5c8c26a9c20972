"""How the world sounds: one list of sounds for each text, whatever its script, with tones on their own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fieldapp.errors import FieldError
from fieldapp.lab.starter import phones
from fieldapp.lab.starter.phones import Phones, spell

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def test_every_text_gets_its_own_sounds_in_order() -> None:
    fish, dog = spell("eng", ["the fish", "dogs"])
    assert fish[-2:] == ["ɪ", "ʃ"]
    assert dog[0] == "d"


@pytest.mark.parametrize(("language", "text"), [("cmn", "妈妈"), ("yue", "老人家"), ("hak", "chho-pû-ngit")])
def test_a_tone_is_a_sound_of_its_own_named_after_its_language(language: str, text: str) -> None:
    sounds = spell(language, [text])[0]
    assert any(sound.startswith(language) for sound in sounds)
    assert not any(sound[-1].isdigit() and not sound.startswith(language) for sound in sounds)


def test_a_text_without_a_sound_is_refused_because_lines_would_slip() -> None:
    with pytest.raises(FieldError, match="1 lines for 2 texts"):
        spell("eng", [" ", "three"])


def test_texts_of_a_language_nobody_speaks_have_no_sounds(tmp_path: Path) -> None:
    phones.learn([("eng", "fish"), ("gla", "iasg")], tmp_path / phones.FILE)
    known = Phones.load(tmp_path / phones.FILE)
    assert [known.symbols[i] for i in known("eng", "fish")] == ["f", "ɪ", "ʃ"]
    assert known("gla", "iasg") == () == known("eng", "never asked")
    assert known.count == 3
