from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.model import Span
from fieldapp.speech.bulk import cut, find_speech, transcribe_all
from fieldapp.speech.endpoints import NORMAL, Endpointer
from fieldapp.speech.finals import FinalRules, Utterance, transcribe
from fieldapp.speech.manifest import Context, Manifest
from fieldapp.speech.packing import LOOK_AHEAD, ROOM, Piece, pack
from fieldapp.speech.recogniser import RATE, Decoded
from fieldapp.speech.vad import VoiceActivity
from fieldapp.speech.whisper import Whisper, load

from .scripted import LOOP, Scripted, said
from .sounds import F32, fan, real_speech

RULES = FinalRules(language="en")
FLEXIBLE = Manifest(name="short", bulk=Context("flexible", 0.64))
SIX_WORDS = "denbo gerban mibun panbir sardo zedan"


def pieces_of(*seconds: float) -> list[Piece]:
    return [Piece(f"s{i}", fan(length, seed=i)) for i, length in enumerate(seconds)]


def everything(recogniser: Whisper | Scripted, pieces: list[Piece], workers: int = 2) -> dict[str, Utterance]:
    return dict(transcribe_all(recogniser, pieces, RULES, workers=workers))


@given(st.lists(st.floats(0.0, 32.0), max_size=40))
def test_packing_keeps_every_piece_once_and_never_overfills(lengths: list[float]) -> None:
    pieces = [Piece(str(i), np.broadcast_to(np.float32(0), (round(length * RATE),))) for i, length in enumerate(lengths)]
    groups = list(pack(pieces))
    assert sorted(int(piece.key) for group in groups for piece in group) == list(range(len(pieces)))
    for group in groups:
        assert len(group) == 1 or sum(len(piece.audio) for piece in group) <= ROOM
        keys = [int(piece.key) for piece in group]
        assert keys == sorted(keys)


def test_packing_looks_only_a_little_ahead() -> None:
    def endless() -> Iterator[Piece]:
        number = 0
        while True:
            yield Piece(str(number), np.zeros(5 * RATE, np.float32))
            number += 1

    groups = pack(endless())
    assert max(int(piece.key) for piece in next(groups)) < LOOK_AHEAD


@pytest.mark.slow
def test_every_piece_gets_text_whatever_the_policy(mini_folder: Path) -> None:
    pieces = pieces_of(1.0, 2.5, 7.0, 0.3, 12.0, 19.9, 35.0, 4.0)
    recogniser = load(mini_folder, "cpu", threads=1, workers=2)
    for manifest in (FLEXIBLE, replace(FLEXIBLE, bulk=Context("padded")), replace(FLEXIBLE, bulk=Context("packed"))):
        recogniser.manifest = manifest
        found = everything(recogniser, pieces)
        assert set(found) == {piece.key for piece in pieces}
        assert all(utterance.text for utterance in found.values())


def test_batches_hold_pieces_of_like_length_and_say_what_pieces_say_alone(mini_folder: Path) -> None:
    recogniser = load(mini_folder, "cpu", threads=1, workers=2)
    recogniser.manifest = FLEXIBLE
    pieces = [*pieces_of(2.4, 7.0, 0.3, 12.0, 2.5, 7.1, 35.0), Piece("none", np.zeros(0, np.float32))]
    alone = everything(recogniser, pieces)
    together = dict(transcribe_all(recogniser, pieces, RULES, workers=2, batch=3))
    assert {key: found.text for key, found in together.items()} == {key: found.text for key, found in alone.items()}
    for key, found in together.items():
        assert (found.frames is None) == (alone[key].frames is None)
        assert found.frames is None or len(found.frames) == len(alone[key].frames)  # type: ignore[arg-type]


def test_a_doubted_row_of_a_batch_is_looked_at_again_by_itself() -> None:
    recogniser = Scripted(lambda audio, context: LOOP if len(audio) < RATE and context.policy == "flexible" else said("now it is right"))
    recogniser.manifest = FLEXIBLE
    found = dict(transcribe_all(recogniser, pieces_of(0.5, 2.0, 2.1), RULES, workers=1, batch=3))
    assert {key: utterance.retried for key, utterance in found.items()} == {"s0": True, "s1": False, "s2": False}
    assert recogniser.encodes == 4


def test_translations_are_never_packed() -> None:
    recogniser = Scripted()
    found = dict(transcribe_all(recogniser, pieces_of(1.0, 2.0), replace(RULES, translate=True), workers=1))
    assert {utterance.translation for utterance in found.values()} == {"a few plain words"}
    assert {context.policy for _, context in recogniser.asked} == {"flexible"}


def test_bulk_says_what_live_finals_say(mini_folder: Path) -> None:
    recogniser = load(mini_folder, "cpu", threads=1, workers=2)
    recogniser.manifest = FLEXIBLE
    pieces = pieces_of(1.0, 2.5, 7.0)
    before = recogniser.encodes
    found = everything(recogniser, pieces)
    assert recogniser.encodes - before == len(pieces)
    for piece in pieces:
        live = transcribe(recogniser, piece.audio, RULES, FLEXIBLE.bulk)
        assert (found[piece.key].text, found[piece.key].language, found[piece.key].tokens) == (live.text, live.language, live.tokens)
        assert found[piece.key].avg_logprob == pytest.approx(live.avg_logprob)


def test_packed_segments_share_one_encoder_run_and_get_their_own_words_and_frames(mini: Whisper) -> None:
    pieces = pieces_of(9.0, 9.0, 9.0)
    found = everything(mini, pieces, workers=1)
    texts = [found[piece.key].text for piece in pieces]
    assert all(texts)
    frames = [found[piece.key].frames for piece in pieces]
    assert all(states is not None and len(states) == 450 for states in frames)


def test_a_doubted_window_is_looked_at_piece_by_piece() -> None:
    def answer(row: F32, context: Context) -> Decoded:
        return LOOP if context.policy == "padded" and len(row) > 10 * RATE else said("each on its own")

    recogniser = Scripted(answer)
    found = everything(recogniser, pieces_of(5.0, 6.0, 7.0))
    assert {utterance.text for utterance in found.values()} == {"each on its own"}
    assert recogniser.encodes == 1 + 3


def test_a_piece_that_got_no_words_in_its_window_is_looked_at_alone() -> None:
    recogniser = Scripted()  # its aligner gives no words to anybody
    found = everything(recogniser, pieces_of(5.0, 6.0))
    assert all(utterance.text == "a few plain words" for utterance in found.values())
    assert recogniser.encodes == 1 + 2


def test_leaving_the_loop_stops_the_rest() -> None:
    taken: list[int] = []

    def source() -> Iterator[Piece]:
        for number in range(1000):
            taken.append(number)
            yield Piece(str(number), np.zeros(RATE, np.float32))

    results = transcribe_all(Scripted(manifest=FLEXIBLE), source(), RULES, workers=2)
    for _, _ in zip(range(5), results):
        pass
    results.close()  # type: ignore[attr-defined]  # a generator, as leaving a for loop closes it
    assert len(taken) < 20


def test_trouble_in_a_worker_reaches_the_caller() -> None:
    def broken(_row: F32, _context: Context) -> Decoded:
        raise RuntimeError("the card fell out")

    with pytest.raises(RuntimeError, match="the card fell out"):
        everything(Scripted(broken, manifest=FLEXIBLE), pieces_of(1.0, 2.0, 3.0))


def test_speech_is_found_in_a_stream_as_it_would_be_live(dev_data: Path) -> None:
    audio = np.concatenate([part for speech in real_speech(dev_data, 3) for part in (fan(2.0), speech)])
    voice, endpoints = VoiceActivity(), Endpointer(NORMAL)
    live = [span for start in range(0, len(audio), 1600) for span in endpoints.push(voice.push(audio[start : start + 1600]))]
    streamed = list(find_speech((audio[start : start + 50_000] for start in range(0, len(audio), 50_000)), NORMAL))
    assert streamed[: len(live)] == live
    assert len(streamed) - len(live) <= 1
    assert streamed[-1].stop <= len(audio)


def test_no_sound_no_speech() -> None:
    assert list(find_speech([], NORMAL)) == []


@given(st.lists(st.integers(1, 50), max_size=20), st.lists(st.tuples(st.integers(0, 600), st.integers(0, 120)), max_size=12))
def test_cutting_a_stream_gives_what_slicing_the_whole_gives(sizes: list[int], spans: list[tuple[int, int]]) -> None:
    whole = np.arange(sum(sizes), dtype=np.float32)
    blocks = np.split(whole, np.cumsum(sizes)[:-1]) if sizes else []
    wanted = sorted((Span(start, start + length) for start, length in spans), key=lambda span: span.start)
    for span, audio in zip(wanted, cut(blocks, wanted), strict=True):
        np.testing.assert_array_equal(audio, whole[span.start : span.stop])
