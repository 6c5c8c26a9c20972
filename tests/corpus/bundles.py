"""Bundles that hurt: two speakers, overlap, stacked diacritics, right-to-left beside IPA, markup, newlines, an empty take."""

from __future__ import annotations

from pathlib import Path

from fieldapp.corpus.bundle import Bundle
from fieldapp.model import (
    Annotation,
    AnnotationId,
    Item,
    ItemId,
    Person,
    PersonId,
    PromptListId,
    Recording,
    RecordingId,
    Segment,
    SegmentId,
    Session,
    SessionId,
    Span,
    Variety,
    VarietyId,
)

RATE = 48000


def no_cut(source: Path, span: Span, target: Path) -> None:
    """Stands in where a test looks at annotations only."""
    raise AssertionError("this test cuts no audio")


def annotation(number: int, segment: str, tier: str, text: str, *, source: str = "person", state: str = "confirmed", language: str = "") -> Annotation:
    return Annotation(id=AnnotationId(f"A{number:03}"), segment=SegmentId(segment), tier=tier, text=text, source=source, state=state, language=language)


def hard_bundle(folder: Path) -> Bundle:
    """Everything an exporter has to get right, in one small bundle."""
    session = Session(id=SessionId("S1"), name="ETR009", title="Kin & <time>", date="2026-03-01", variety=VarietyId("V1"), description='say "hello"')
    varieties = (
        Variety(id=VarietyId("V1"), name="Wu (Suzhou)", language="wuu", iso639_3="wuu", glottocode="suzh1234", latitude=31.3, longitude=120.6),
        Variety(id=VarietyId("V2"), name="Arabic", language="arz", iso639_3="arz"),
    )
    persons = (
        Person(id=PersonId("P1"), code="W1", name="Awi", birth_year=1951, gender="female", languages=("wuu", "cmn")),
        Person(id=PersonId("P2"), code="M2", name="Mona", contact="never exported"),
    )
    master = Recording(
        id=RecordingId("R1"), session=session.id, path="audio/ETR009_T1.wav", rate=RATE, channels=1, bits=24, frames=20 * RATE, started="2026-03-01T10:00:00"
    )
    item = Item(id=ItemId("I1"), promptlist=PromptListId("L1"), position=0, meaning_id="sun", text="sun", gloss={"en": "sun", "zh": "太阳"})

    def segment(number: int, start: float, stop: float, speaker: str, **more: object) -> Segment:
        span = Span(round(start * RATE), round(stop * RATE))
        return Segment(id=SegmentId(f"G{number}"), recording=master.id, span=span, speaker=PersonId(speaker), **more)  # type: ignore[arg-type]  # test values

    segments = (
        segment(1, 0.5, 1.75, "P1", item=item.id, meaning_id="sun", state="checked", take=1),
        segment(2, 1.8, 3.0004, "P1", item=item.id, meaning_id="sun", state="checked", take=2, best=True),
        segment(3, 2.5, 4.0, "P2", variety=VarietyId("V2"), state="checked"),
        segment(4, 5.0, 5.0, "P1"),
        segment(5, 6.0, 9.0, "P2", state="draft"),
    )
    texts = (
        annotation(1, "G1", "transcription", "太阳", language="wuu"),
        annotation(2, "G1", "ipa", "tʰɑ˥˩ jɑ̃˨˧ Tłı̨chǫ ą̀ ı̨̀ ŋ̩ ɡo", language="wuu-fonipa"),
        annotation(3, "G1", "translation", 'the <sun> & "moon"', language="en"),
        annotation(4, "G2", "transcription", "日头\n(second line)\twith tab"),
        annotation(5, "G3", "transcription", "شمس sun ʔaʃ-ʃams", language="arz"),
        annotation(6, "G3", "note", "overlaps W1; costs 5 %"),
        annotation(7, "G5", "transcription", "machine guess", source="machine:starter", state="draft"),
        annotation(8, "G5", "gloss", "-1;x"),
    )
    by_segment = {s.id: tuple(a for a in texts if a.segment == s.id) for s in segments}
    return Bundle(
        title="Edolo & friends",
        folder=folder,
        cut=no_cut,
        sessions={session.id: session},
        persons={p.id: p for p in persons},
        varieties={v.id: v for v in varieties},
        roles={session.id: ((PersonId("P1"), "speaker"), (PersonId("P2"), "interviewer"))},
        recordings={master.id: master},
        items={item.id: item},
        segments=segments,
        annotations={k: v for k, v in by_segment.items() if v},
    )
