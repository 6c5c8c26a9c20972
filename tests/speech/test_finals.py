from __future__ import annotations

import numpy as np
import pytest

from fieldapp.speech.finals import LONGEST, FinalRules, cut_quietly, transcribe
from fieldapp.speech.guards import Fault
from fieldapp.speech.manifest import Context
from fieldapp.speech.recogniser import RATE, Decoded
from fieldapp.speech.whisper import Whisper

from .scripted import INVENTED, LOOP, Scripted, said
from .sounds import F32, fan, music

TAILED = Context("flexible", 1.28)
RULES = FinalRules(language="en")


def loops_when_short(audio: F32, context: Context) -> Decoded:
    return LOOP if context.policy == "flexible" else said("now it is right")


def test_a_doubted_text_gets_one_second_look_with_full_padding() -> None:
    recogniser = Scripted(loops_when_short)
    utterance = transcribe(recogniser, fan(3.0), RULES, TAILED)
    assert (utterance.text, utterance.retried, utterance.fault) == ("now it is right", True, Fault.NOTHING)
    assert [context.policy for _, context in recogniser.asked] == ["flexible", "padded"]


def test_what_is_still_doubted_loses_its_text_and_keeps_its_frames() -> None:
    recogniser = Scripted(lambda _a, _c: LOOP)
    utterance = transcribe(recogniser, fan(3.0), RULES, TAILED)
    assert utterance.text == ""
    assert utterance.fault & Fault.LOOP
    assert "circle" in utterance.reason
    assert utterance.frames is not None
    assert recogniser.encodes == 2


def test_padded_models_are_not_asked_twice() -> None:
    recogniser = Scripted(lambda _a, _c: LOOP)
    assert transcribe(recogniser, fan(3.0), RULES, Context("padded")).text == ""
    assert recogniser.encodes == 1


def test_a_model_that_never_heard_thirty_seconds_is_not_asked_twice() -> None:
    recogniser = Scripted(loops_when_short)
    assert transcribe(recogniser, fan(3.0), RULES, Context("flexible", 0.4, second_look=False)).text == ""
    assert recogniser.encodes == 1


def test_invented_text_is_dropped_at_once() -> None:
    recogniser = Scripted(lambda _a, _c: INVENTED)
    assert transcribe(recogniser, fan(3.0), RULES, TAILED).text == ""
    assert recogniser.encodes == 1


def test_no_audio_is_no_text(mini: Whisper) -> None:
    assert transcribe(mini, np.zeros(0, np.float32), RULES, TAILED).fault == Fault.SILENCE
    assert transcribe(mini, np.zeros(1, np.float32), RULES, TAILED).text


@pytest.mark.parametrize("seconds", [28.5, 61.0, 200.0])
def test_a_long_segment_is_cut_where_it_is_quiet(seconds: float) -> None:
    audio = fan(seconds)
    audio[10 * RATE : 10 * RATE + 4000] = 0
    parts = cut_quietly(audio)
    assert all(0 < len(part) <= LONGEST for part in parts)
    np.testing.assert_array_equal(np.concatenate(parts), audio)


def test_a_long_segment_becomes_one_utterance(mini: Whisper) -> None:
    before = mini.encodes
    utterance = transcribe(mini, fan(70.0), FinalRules(words=True), TAILED)
    assert utterance.text.split() == ["denbo", "gerban", "mibun", "panbir", "sardo", "zedan"] * 3
    assert mini.encodes - before == 3
    assert utterance.frames is not None
    assert 3500 <= len(utterance.frames) <= 3503  # each part ends with a step that it fills partly
    starts = [word.span.start for word in utterance.words]
    assert len(starts) == 18
    assert starts[12] > 40 * RATE
    assert 0.9 < utterance.confidence <= 1.0


def test_the_language_is_detected_only_when_none_is_fixed(mini: Whisper) -> None:
    assert transcribe(mini, music(2.0), FinalRules(language="fr"), TAILED).language == "fr"
    assert mini.knows(transcribe(mini, music(2.0), FinalRules(), TAILED).language)
