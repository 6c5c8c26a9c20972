"""How what a recogniser made of a segment is kept: draft text, state and vectors in one commit. The same while recording and in bulk.

What a person wrote is never touched. One `Drafts` belongs to one thread; the writing itself happens on the `db-writer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fieldapp import __version__
from fieldapp.bulk.embedding import Embeddings
from fieldapp.model import Annotation, AnnotationId, Segment, new_id
from fieldapp.speech.embed import embedded, speech_steps
from fieldapp.speech.finals import TRANSLATE, FinalRules, Utterance
from fieldapp.speech.recogniser import F32, Recogniser
from fieldapp.store import runs, segments, texts
from fieldapp.store.rows import SEGMENT
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

TIER, MEANT = "transcription", "translation"
TIERS = {"transcribe": TIER, "translate": MEANT}
ENGLISH = "en"  # Whisper models translate into no other language
LISTENED = "speech-detection"
DETECTOR = {"detector": "silero v6"}
UNHEARD = (
    "state = 'pending' AND NOT EXISTS (SELECT 1 FROM annotation WHERE annotation.segment = segment.id AND tier = 'transcription' AND NOT"
    " (annotation.state = 'draft' AND source LIKE 'machine:%' AND annotation.id = json_extract(quality, '$.provisional')))"
)
UNTRANSLATED = (
    "state <> 'rejected' AND json_extract(quality, '$.no_translation') IS NULL AND json_extract(quality, '$.no_text') IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM annotation WHERE annotation.segment = segment.id AND tier = 'translation' AND language IN ('', 'en'))"
)
WAITING = {"transcribe": UNHEARD, "translate": UNTRANSLATED}
"""Which segments a task still has to be done for; what the guards refused is not tried again."""


class Drafts:
    """One run of a recogniser over segments of a fieldbook."""

    def __init__(self, store: Store, recogniser: Recogniser, finals: FinalRules, about: Mapping[str, Any]) -> None:
        self._store, self._recogniser, self._finals = store, recogniser, finals
        self._embeddings: Embeddings | None = None
        parameters = {"model": recogniser.manifest.name, "language": finals.language, "beam": finals.beam, "translate": finals.translate, **about}
        self._run = store.do(lambda tx: runs.begin_run(tx, TIERS[finals.task], __version__, parameters))

    def write_provisional(self, segment: Segment, utterance: Utterance) -> bool:
        """Text by a quicker model, to be read in the meantime: the segment goes on waiting, and another model's states make no vectors."""
        if not utterance.text:
            return False

        def work(tx: Transaction) -> bool:
            now = self._still_waiting(tx, segment)
            if now is None:
                return False
            draft = self._draft(segment, TIER, utterance.text, utterance)
            texts.add_texts(tx, [draft])
            segments.update_segment(tx, replace(now, quality=_without_provisional(tx, now) | {"provisional": draft.id}))
            return True

        return self._store.do(work, remade=True)

    def write(self, segment: Segment, utterance: Utterance, probabilities: Callable[[], F32]) -> bool:
        """Keep it, unless somebody wrote, moved or deleted meanwhile. `probabilities` of speech, one for 32 ms, are asked for where there are vectors."""
        if self._finals.task == TRANSLATE:
            return self._store.do(lambda tx: self._translate(tx, segment, utterance), remade=True)
        vectors = None
        if utterance.frames is not None and len(utterance.frames):
            vectors = embedded(utterance.frames, speech_steps(probabilities(), len(utterance.frames)))
            self._embeddings = self._embeddings or Embeddings.of(self._store, self._recogniser, utterance.frames.shape[1])

        def work(tx: Transaction) -> bool:
            now = self._still_waiting(tx, segment)
            if now is None:
                return False
            quality = _without_provisional(tx, now) | ({"heard_language": utterance.language} if not self._finals.language else {})
            if utterance.text:
                texts.add_texts(tx, [self._draft(segment, TIER, utterance.text, utterance)])
            else:
                quality["no_text"] = utterance.reason
            if utterance.translation:
                texts.add_texts(tx, [replace(self._draft(segment, MEANT, utterance.translation, utterance), confidence=None)])
            segments.update_segment(tx, replace(now, state="draft", quality=quality))
            if vectors and self._embeddings:
                self._embeddings.put(tx, segment, vectors)
            return True

        return self._store.do(work, remade=True)

    def _translate(self, tx: Transaction, segment: Segment, utterance: Utterance) -> bool:
        """A translation says nothing about whether the segment was heard or checked."""
        now = self._still_waiting(tx, segment)
        if now is None:
            return False
        if utterance.text:
            texts.add_texts(tx, [self._draft(segment, MEANT, utterance.text, utterance)])
        else:
            segments.update_segment(tx, replace(now, quality=dict(now.quality) | {"no_translation": utterance.reason}))
        return True

    def _still_waiting(self, tx: Transaction, segment: Segment) -> Segment | None:
        now = SEGMENT.first(tx.db, f"id = ? AND {WAITING[self._finals.task]}", segment.id)
        return now if now and now.span == segment.span else None

    def _draft(self, segment: Segment, tier: str, text: str, utterance: Utterance) -> Annotation:
        return Annotation(
            id=AnnotationId(new_id()),
            segment=segment.id,
            tier=tier,
            text=text,
            language=ENGLISH if tier == MEANT else "",
            source=f"machine:{utterance.model}",
            state="draft",
            confidence=round(utterance.confidence, 4),
            run=self._run,
        )

    def end(self, result: Mapping[str, Any]) -> None:
        """The run is over: renew what is learnt from all vectors, and note how it went."""
        if self._embeddings:
            self._embeddings.renew_heads(self._store)
        self._store.do(lambda tx: runs.end_run(tx, self._run, result))


def _without_provisional(tx: Transaction, segment: Segment) -> dict[str, Any]:
    """The segment's quality after a provisional draft, if there is one, was taken back."""
    quality = dict(segment.quality)
    if draft := quality.pop("provisional", None):
        texts.delete_text(tx, draft)
    return quality
