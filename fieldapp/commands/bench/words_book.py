"""A synthetic fieldbook for benches: common and rare words as in real speech, Han, Arabic and Latin beside IPA.

Written through the same records and the same writer thread as everything else.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from fieldapp.commands import Progress
from fieldapp.model import Annotation, AnnotationId, PersonId, Recording, RecordingId, Segment, SegmentId, Span, VarietyId, new_id
from fieldapp.store import people, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

PER_SESSION = 500
SPEAKERS = 200
VARIETIES = ("Suzhou", "Hangzhou", "Wenzhou", "Fuzhou", "Baghdadi", "Moslawi", "Scots")
_ONSETS = "p pʰ b t tʰ d k kʰ ɡ m n ŋ f v s z ɕ ʑ ʂ ʈʂ ʈʂʰ tɕ tɕʰ ts tsʰ l x h ʔ j w"
_VOWELS = "a ɑ ɑ̃ ə ɚ i iː u y o e ɛ ɛ̃ ɔ ɔ̃ iə uɑ iɑu ei ʅ"
_CODAS = ("", "", "", "n", "ŋ", "ʔ")
_TONES = ("˥", "˥˩", "˨˩˦", "˧˥", "˨˧", "˦", "")
_ARABIC = "ا ب ت ث ج ح خ د ذ ر ز س ش ص ض ط ظ ع غ ف ق ك ل م ن ه و ي كَ مُ بِ لّ"
_LATIN = "a e i o u ae ai ou b br c ch d dh f g gh h k l m n ng p r s sh t th tr w y"


class Language:
    """Words of one script, drawn so that the n-th commonest is n times rarer than the commonest."""

    def __init__(self, chance: random.Random, parts: Sequence[str], lengths: Sequence[int], words: int, glue: str) -> None:
        self._chance, self._glue = chance, glue
        weights = list(itertools.accumulate(1 / (place + 3) for place in range(len(parts))))
        self._words = ["".join(chance.choices(parts, cum_weights=weights, k=chance.choice(lengths))) for _ in range(words)]
        self._weights = list(itertools.accumulate(1 / (place + 3) for place in range(words)))

    def sentence(self) -> str:
        """One to six words."""
        return self._glue.join(self._chance.choices(self._words, cum_weights=self._weights, k=self._chance.randint(1, 6)))


def build(folder: Path, count: int, progress: Progress) -> None:
    """A fieldbook of `count` segments with two texts each."""
    chance = random.Random(20261121)
    han = Language(chance, [chr(0x4E00 + place) for place in range(5000)], (1, 2, 2, 2, 3, 4), 40000, "")
    syllables = ["".join(parts) for parts in itertools.product(_ONSETS.split(), _VOWELS.split(), _CODAS, _TONES)]
    chance.shuffle(syllables)
    ipa = Language(chance, syllables, (1, 1, 2, 2, 3), 30000, " ")
    arabic = Language(chance, _ARABIC.split(), (2, 3, 4, 5), 20000, " ")
    latin = Language(chance, _LATIN.split(), (1, 2, 3, 4), 20000, " ")
    scripts = (han, han, han, han, arabic, arabic, latin)
    with Store.create(folder, "A synthetic fieldbook") as store:
        persons = store.do(lambda tx: [people.ensure_person(tx, f"W{place + 1}").id for place in range(SPEAKERS)])
        varieties = store.do(lambda tx: [people.ensure_variety(tx, name).id for name in VARIETIES])
        for first in range(0, count, PER_SESSION * 40):
            batch = [min(PER_SESSION, count - at) for at in range(first, min(first + PER_SESSION * 40, count), PER_SESSION)]

            def work(tx: Transaction, first: int = first, batch: Sequence[int] = batch) -> None:
                for place, size in enumerate(batch, first // PER_SESSION):
                    _add_session(tx, chance, place, size, persons, varieties, scripts, ipa)

            store.do(work)
            progress((first + sum(batch)) / count, f"writing segments {first + sum(batch):,} of {count:,}")


def _add_session(
    tx: Transaction,
    chance: random.Random,
    place: int,
    size: int,
    persons: Sequence[PersonId],
    varieties: Sequence[VarietyId],
    scripts: Sequence[Language],
    ipa: Language,
) -> None:
    session = sessions.ensure_session(tx, f"session{place:05}")
    tx.db.execute("UPDATE session SET date = ? WHERE id = ?", (f"{2015 + place % 11}-{1 + place % 12:02}-{1 + place % 28:02}", session.id))
    recording = Recording(
        id=RecordingId(new_id()), session=session.id, path=f"audio/session{place:05}.wav", rate=48000, channels=1, bits=24, frames=size * 96000
    )
    sessions.add_recording(tx, recording)
    which = chance.randrange(len(varieties))
    made = [
        Segment(
            id=SegmentId(new_id()),
            recording=recording.id,
            span=Span(at * 96000, at * 96000 + 90000),
            speaker=chance.choice(persons),
            variety=varieties[which],
            state="checked",
        )
        for at in range(size)
    ]
    segments.add_segments(tx, made)
    texts.add_texts(tx, _texts(chance, made, scripts[which], ipa))


def _texts(chance: random.Random, made: Sequence[Segment], script: Language, ipa: Language) -> Iterator[Annotation]:
    for segment in made:
        state = "confirmed" if chance.random() < 0.7 else "draft"
        for tier, language in (("transcription", script), ("ipa", ipa)):
            yield Annotation(id=AnnotationId(new_id()), segment=segment.id, tier=tier, text=language.sentence(), state=state)
