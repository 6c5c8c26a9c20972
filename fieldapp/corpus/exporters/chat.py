"""CHAT (CLAN, TalkBank): one transcript a sound file; `@Media` names the stem, times stand behind each line, speakers have three letters.

CHAT gives many signs a meaning of its own, so the main line holds the words alone; where that changed anything the
text stands unchanged on `%xorg`. Whose letters are whose is told in a comment at the head.
"""

from __future__ import annotations

import re

from fieldapp.corpus.bundle import Bundle, Loss, SoundFile
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.lines import Line, lines, markers_told, not_told, one_row, own_markers, plain_name
from fieldapp.corpus.output import Output

NAME = "chat"
TITLE = "CHAT (CLAN, TalkBank)"
SUFFIX = ".cha"

TIERS = {"ipa": "xpho", "translation": "xtra", "gloss": "xglo", "note": "com"}
"""Dependent tiers; those with an x are ours to define, CLAN checks the others word by word."""
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_SPECIAL = re.compile(r"[<>\[\](){}&+^@*%$#|\\/~=\"“”„\x15…‹›«»:;,_0-9-]")
NOT_SAID = ("www", "xxx", "yyy", "0")
"""What stands on a main line on which no words are told; a speaker who said just that keeps it on `%xorg`."""
NOBODY = "Unidentified"
"""The role of letters that stand for nobody who is named."""
_TERMINATORS = (".", "?", "!")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One .cha beside each sound file's name."""
    losses: list[Loss] = []
    for number, (sound, found) in enumerate(lines(bundle, options, losses, untimed=True)):
        out.progress(number / max(1, len(bundle.recordings)), f"writing {sound.stem}{SUFFIX}")
        letters = three_letters([line.speaker for line in found])
        markers = own_markers(found, (*TIERS, "transcription"), longest=6)
        rows = [*_head(bundle, sound, found, letters), *([f"@Comment:\ttiers {markers_told(markers)}"] if markers else [])]
        for line in found:
            rows += _utterance(line, letters[line.speaker], TIERS | markers, losses)
        losses += not_told(found, sound.stem, languages=True)
        out.text(f"{sound.stem}{SUFFIX}", "\n".join([*rows, "@End"]) + "\n")
    return losses


def three_letters(codes: list[str]) -> dict[str, str]:
    """A code of three capital letters for each speaker: their own where it is one, else one in order."""
    own = {code: code.upper() for code in codes if re.fullmatch(r"[A-Za-z]{3}", code)}
    found: dict[str, str] = {}
    for code in sorted(dict.fromkeys(codes)):
        if code in own and own[code] not in found.values():
            found[code] = own[code]
    free = (f"S{a}{b}" for a in _LETTERS for b in _LETTERS if f"S{a}{b}" not in found.values())
    for code in sorted(dict.fromkeys(codes)):
        if code not in found:
            found[code] = next(free)
    return found


def _head(bundle: Bundle, sound: SoundFile, found: list[Line], letters: dict[str, str]) -> list[str]:
    session = bundle.sessions[sound.recording.session]
    languages = sorted({_iso(line.language) for line in found}) or ["und"]
    people = {p.code: p for p in bundle.persons.values()}
    roles = {bundle.persons[p].code: role for p, role in bundle.roles.get(session.id, ()) if p in bundle.persons}
    everybody = sorted(letters.items(), key=lambda pair: pair[1]) or [("", "SAA")]
    told = {code: _role(roles.get(code, "")) if code else NOBODY for code, _ in everybody}
    listed = ", ".join(f"{short} {told[code]}" for code, short in everybody)
    rows = ["@UTF8", "@Begin", f"@Languages:\t{', '.join(languages)}", f"@Participants:\t{listed}"]
    corpus = plain_name(bundle.title)
    for code, short in everybody:
        person = people.get(code)
        sex = person.gender.lower() if person and person.gender.lower() in ("male", "female") else ""
        rows.append(f"@ID:\t{languages[0]}|{corpus}|{short}||{sex}|||{told[code]}|||")
    rows.append(f"@Media:\t{sound.stem}, audio")
    if date := _date(session.date):
        rows.append(f"@Date:\t{date}")
    rows += [f"@Comment:\t{short} is {_clean(code)}" for code, short in everybody if code and code != short]
    return rows


def _utterance(line: Line, short: str, names: dict[str, str], losses: list[Loss]) -> list[str]:
    spoken = one_row(line.text("transcription"), line.segment.id, losses)
    main = " ".join(_SPECIAL.sub(" ", spoken).split())
    sign = next((t for t in _TERMINATORS if main.endswith(t)), ".")
    words = " ".join(re.sub(r"[.!?]", " ", main).split()) or "www"
    start, stop = line.milliseconds
    rows = [f"*{short}:\t{words} {sign}" + (f" \x15{start}_{stop}\x15" if line.timed else "")]
    if spoken and (words in NOT_SAID or spoken != (words if sign == "." else f"{words}{sign}")):
        rows.append(f"%xorg:\t{spoken}")
    for tier, annotation in line.texts.items():
        if tier != "transcription":
            rows.append(f"%{names[tier]}:\t{one_row(annotation.text, annotation.id, losses)}")
    if line.draft_note():
        rows.append(f"%xsrc:\t{line.draft_note()}")
    return rows


def _role(role: str) -> str:
    return {"interviewer": "Investigator", "recorder": "Investigator", "researcher": "Investigator"}.get(role, "Speaker")


def _iso(tag: str) -> str:
    code = tag.split("-")[0].lower()
    return {"en": "eng", "zh": "zho", "ar": "ara", "de": "deu", "fr": "fra", "es": "spa", "ru": "rus"}.get(code, code)


def _date(day: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) or not 1 <= int(day[5:7]) <= 12:
        return ""
    return f"{day[8:]}-{_MONTHS[int(day[5:7]) - 1]}-{day[:4]}"


def _clean(text: str) -> str:
    return re.sub(r"[\x00-\x1f]", " ", text)
