"""In which order a text asks for fonts: tier before script, chosen before default, speech in phonetic letters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fieldapp.writing.scripts import INTERFACE, IPA, SCRIPTS, families

KEYS = st.sampled_from(["", "ipa", "translation", *(script.name for script in SCRIPTS)])


def test_speech_is_written_in_phonetic_letters_and_everything_else_in_those_of_the_interface() -> None:
    assert families("ipa", {})[:2] == ["Charis SIL", INTERFACE]
    assert families("translation", {})[0] == families("", {})[0] == INTERFACE


def test_a_font_chosen_for_a_script_comes_before_the_default_and_one_for_a_tier_before_all() -> None:
    chosen = {"Han": "Noto Sans CJK HK", "ipa": "Doulos SIL", IPA: "Andika"}
    assert families("ipa", chosen)[:4] == ["Doulos SIL", "Andika", "Charis SIL", INTERFACE]
    assert families("transcription", chosen)[0] == "Andika"
    asked = families("translation", chosen)
    assert asked.index("Noto Sans CJK HK") < asked.index("Noto Sans CJK SC")


@given(KEYS, st.dictionaries(KEYS, st.text("abc", min_size=1, max_size=3)))
def test_no_family_is_asked_twice_and_what_was_chosen_is_always_asked(tier: str, chosen: dict[str, str]) -> None:
    asked = families(tier, chosen)
    assert len(set(asked)) == len(asked)
    assert {chosen[script.name] for script in SCRIPTS if script.name in chosen} <= set(asked)
    assert tier not in chosen or asked[0] == chosen[tier]
