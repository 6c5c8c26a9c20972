"""The pronunciation of utterances as IPA: what the corpus says, else what espeak-ng makes of the transcript or the prompt, else none. Any thread.

espeak-ng is a program of its own; where it is missing, only utterances with an IPA text can be compared by sound on paper.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import langcodes

from fieldapp.errors import FieldError
from fieldapp.lab.utterances import Utterance

PROMPTED = "prompted"
"""The column of the wording a speaker was to say, in the language of the variety."""
_VOICES = {"cmn": "cmn-latn-pinyin", "zh": "cmn-latn-pinyin"}
"""The packaged `cmn` voice reads Han characters through English letters; the pinyin voice reads them right."""
_SWITCHED = re.compile(r"\([a-z-]+\)")
_TONE_AS_VOWEL = {"cmn-latn-pinyin": "ɜ", "yue": "ɜ", "hak": "ɜ"}
"""In these voices' IPA the number 3 of a tone comes out as this vowel, which they do not have."""
_LONGEST_SECONDS = 120
_GIVEN, _WRITTEN = "pronunciations from the IPA column", "made by espeak-ng from transcripts, not heard"
_ASKED = "made by espeak-ng from what was asked for, not from what was said"
_DRAFTED = "made by espeak-ng from what a machine wrote and nobody confirmed"


def pronunciations(utterances: Sequence[Utterance]) -> tuple[list[str], str]:
    """IPA for each utterance (empty where there is none), and a sentence that says where it is from. What a machine read comes last."""
    found, counts = [], Counter[str]()
    for utterance in utterances:
        wordings = {
            _WRITTEN: utterance.transcript if utterance.checked else "",
            _ASKED: utterance.column(PROMPTED),
            _DRAFTED: utterance.transcript,
        }
        ways = ((_GIVEN, utterance.ipa), *((way, spoken_by_espeak(text, utterance.language)) for way, text in wordings.items() if text))
        way, ipa = next(((way, ipa) for way, ipa in ways if ipa), ("", ""))
        counts[way] += 1
        found.append(ipa)
    parts = [f"{counts[way]} {way}" for way in (_GIVEN, _WRITTEN, _ASKED, _DRAFTED) if counts[way]]
    why = "has no voice for the language" if shutil.which("espeak-ng") else "is not installed"
    parts += [f"{counts['']} missing (no IPA, and espeak-ng {why})"] * bool(counts[""])
    return found, "; ".join(parts) + "."


@lru_cache(maxsize=16384)
def spoken_by_espeak(text: str, language: str) -> str:
    """IPA by espeak-ng; empty where it is not installed or knows no such language."""
    program, voice = shutil.which("espeak-ng"), voice_of(language)
    if program is None or not voice or not text.strip():
        return ""
    command = [program, "-q", "--ipa", "-v", voice, "--stdin"]
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=False, timeout=_LONGEST_SECONDS)
    except subprocess.TimeoutExpired as trouble:  # a result must not depend on how busy the machine is
        raise FieldError(
            f"espeak-ng did not say within {_LONGEST_SECONDS} s how {text[:40]!r} sounds.", "Try again when the machine is less busy."
        ) from trouble
    heard = _SWITCHED.sub("", done.stdout.decode(errors="replace")) if done.returncode == 0 else ""
    vowel = _TONE_AS_VOWEL.get(voice, "")
    return " ".join((heard.replace(vowel, "") if vowel else heard).split())


@lru_cache(maxsize=256)
def voice_of(language: str) -> str:
    """espeak-ng's voice for a language code; empty for what is no code or has no voice."""
    try:
        code = langcodes.Language.get(language).language or ""
    except ValueError:  # langcodes' own error is one
        return ""
    voice = _VOICES.get(code, code)
    return voice if voice in _voices() else ""


@lru_cache(maxsize=1)
def _voices() -> frozenset[str]:
    program = shutil.which("espeak-ng")
    if program is None:
        return frozenset()
    done = subprocess.run([program, "--voices"], capture_output=True, check=False, timeout=_LONGEST_SECONDS)
    lines = done.stdout.decode(errors="replace").splitlines()[1:]
    codes = {columns[1] for line in lines if len(columns := line.split()) > 1}
    return frozenset(codes | {code.split("-")[0] for code in codes})
