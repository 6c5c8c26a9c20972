"""What came with a project goes back under the name it had: folders, sounds, and papers that Fieldapp only keeps. Any thread."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path, PurePosixPath

from fieldapp.corpus.bundle import Bundle, Loss, SoundFile
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.output import Output
from fieldapp.corpus.pieces import Source, suffix_of
from fieldapp.corpus.saymore.record import Record
from fieldapp.errors import ExportProblem, FieldError


def copy_bytes(source: Path, target: Path) -> None:
    """The same file once more."""
    shutil.copyfile(source, target)


class GivingBack:
    """The names of one export, none of them twice, and the papers that go along."""

    def __init__(self, bundle: Bundle, out: Output, options: Options, losses: list[Loss]) -> None:
        self.bundle, self.out, self.options, self.losses = bundle, out, options, losses
        self.may_name = options.names
        self._taken: set[str] = set()

    def name(self, before: str, otherwise: str, folder: str, more: str = "") -> str:
        """What a folder was called if it can be called that here, else another name; `more` tells two of one name apart."""
        for wanted in (before, otherwise, f"{otherwise}_{more}"):
            if wanted and self._is_free(f"{folder}/{wanted}" if folder else wanted, one=wanted):
                return wanted
        raise ExportProblem(f"Two folders of the export would be called {folder}/{otherwise}.", "Rename one of the people or sessions.")

    def media(self, sound: SoundFile, source: Source | None, home: str, *, came: bool) -> tuple[str, str]:
        """The name of a sound, and of the file it was converted from where that goes back too (SayMore wants to annotate a WAV beside it)."""
        recording = sound.recording
        ending = suffix_of(source) if source else PurePosixPath(recording.path).suffix.lower()
        before = PurePosixPath(_came_as(sound) if came and (source is None or source.span is None) else "")
        plain = f"{sound.stem}{ending}" if sound.stem.endswith("_Source") else f"{sound.stem}_Source{ending}"
        converted = before.suffix.lower() != ending and recording.original
        if before.suffix.lower() == ending and self._is_free(f"{home}/{before}", one=str(before)):
            return str(before), ""
        wav = f"{before.stem}_StandardAudio{ending}"
        if converted and self._is_free(f"{home}/{before}", one=str(before)):
            return (wav if self._is_free(f"{home}/{wav}", one=wav) else plain), str(before)
        return plain, ""

    def kept_name(self, media: str, sound: SoundFile) -> bool:
        """Whether a sound goes back under the name it came with."""
        return media == _came_as(sound)

    def description(self, session: str, name: str) -> str:
        """The text of the file that describes a sound, as it came; empty where there is none or it may not go along."""
        paper = next((one for one in self.bundle.papers.get(session, ()) if one.name == name), None)
        if paper is None:
            return ""
        if not self.may_name:
            self.losses.append(Loss(name, "the description that came with it, which names people (say --names)"))
            return ""
        try:
            before = (self.bundle.folder / paper.path).read_bytes().decode("utf-8-sig")
            Record("MetaData", before)
        except (OSError, UnicodeDecodeError, FieldError):
            self.losses.append(Loss(name, "the description that came with it, which cannot be read"))
            return ""
        return before

    def papers(self, owner: str, place: str, *, shows_who: str = "") -> None:
        """The papers about a session, a person or the project, where sound goes along; what was written under their name already is theirs."""
        done = {*self.out.written, *self.out.unchanged}
        for paper in self.bundle.papers.get(owner, ()):
            target = f"{place}/{paper.name}"
            if target in done:
                continue
            names_somebody = "" if self.may_name else shows_who or ("it names people; say --names" if paper.name.endswith(".meta") else "")
            why = names_somebody or ("" if self.options.audio else "it goes along with the sound, which was not asked for")
            why = why or ("" if (self.bundle.folder / paper.path).is_file() else "it is missing in the fieldbook")
            try:
                self.out.place(target)
            except ExportProblem as refused:
                why = why or refused.message
            if why:
                self.losses.append(Loss(paper.name, f"a file that came with the project: {why}"))
            else:
                self.out.file(target, partial(copy_bytes, self.bundle.folder / paper.path))

    def _is_free(self, place: str, *, one: str) -> bool:
        """Whether a name is one name, may be written, and is nobody else's in this export."""
        try:
            self.out.place(place)
        except ExportProblem:
            return False
        key = place.casefold()
        if "/" in one or one.startswith(".") or key in self._taken:
            return False
        self._taken.add(key)
        return True


def _came_as(sound: SoundFile) -> str:
    about = sound.recording.metadata.get("import")
    return str(about.get("name", "")) if isinstance(about, dict) else ""
