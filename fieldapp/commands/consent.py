"""What people allow: show it, note it, take it back, and erase somebody who asks for it.

`show` lists everybody, or with --person what they said and where their words went. `give` and `refuse` note a word.
`withdraw` ends it from now on: search, exports and training leave them out, their vectors go. `erase` also deletes their
texts and all that is known of them; with --audio their voice is overwritten, with --backups old copies go. Both leave a
certificate in the fieldbook (`certificates/`).
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from fieldapp.model import Consent, Person
    from fieldapp.store.store import Store

ACTIONS = ("show", "give", "refuse", "withdraw", "erase")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Who, what, for whom, until when."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook")
    parser.add_argument("action", choices=ACTIONS, nargs="?", default="show")
    parser.add_argument("--person", default="", metavar="CODE", help="the person's code")
    parser.add_argument("--purpose", default="", help="search, listen, transcribe, share, archive, publish, train or anything")
    parser.add_argument("--audience", default="anyone", help="who may have it (anyone)")
    parser.add_argument("--until", metavar="DATE", help="last day it holds")
    parser.add_argument("--evidence", default="", help="where the consent can be seen or heard")
    parser.add_argument("--note", default="", help="anything to remember about it")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="write the certificate of a withdrawal or deletion here, too")
    parser.add_argument("--audio", action="store_true", help="erase: overwrite their stretches with silence (and whoever spoke meanwhile)")
    parser.add_argument("--backups", action="store_true", help="erase: delete the fieldbook's own backups, which still hold what was deleted")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Do what was asked."""
    from fieldapp.errors import WrongUsage
    from fieldapp.store.store import Store

    folder: Path = options.fieldbook.absolute()
    if options.action != "show" and not options.person:
        raise WrongUsage(f"'{options.action}' needs --person CODE.")
    if options.action == "erase":
        return _erase(folder, options, progress)
    with Store.open(folder, read_only=options.action == "show") as store:
        if options.action == "show":
            return _show_one(store, options.person) if options.person else _show_all(store)
        return _withdraw(store, options) if options.action == "withdraw" else _give(store, options)


def _give(store: Store, options: argparse.Namespace) -> Answer:
    from fieldapp.erasure import person_of
    from fieldapp.errors import WrongUsage
    from fieldapp.model import Consent, ConsentId, new_id
    from fieldapp.store import consent

    known = (*consent.PURPOSES, consent.ANYTHING)
    if options.purpose not in known:
        raise WrongUsage(f"There is no purpose '{options.purpose}'.", f"Purposes: {', '.join(known)}.")
    person = person_of(store, options.person)
    said = Consent(id=ConsentId(new_id()), person=person.id, purpose=options.purpose, allowed=options.action == "give", audience=options.audience,
                   until=options.until, evidence=options.evidence, note=options.note)  # fmt: skip
    store.do(lambda tx: consent.give(tx, said))
    verb = "allows" if said.allowed else "refuses"
    return Answer(f"Noted: {person.code} {verb} '{said.purpose}' for {said.audience}{f' until {said.until}' if said.until else ''}.", {"consent": said.id})


def _withdraw(store: Store, options: argparse.Namespace) -> Answer:
    from fieldapp.erasure import take_back
    from fieldapp.store import consent

    told = take_back(store, options.person, options.purpose or consent.ANYTHING, note=options.note, evidence=options.evidence)
    _write(options.certificate, str(told))
    lines = [f"{told.code} withdrew '{told.purpose}'. {told.reached}", *_earlier(list(told.earlier))]
    return Answer("\n".join(lines), {**asdict(told), **asdict(told.reached), "person": told.code})


def _erase(folder: Path, options: argparse.Namespace, progress: Progress) -> Answer:
    from fieldapp.erasure import withdraw_and_erase

    progress(-1, "deleting, and writing the database anew")
    report = withdraw_and_erase(folder, options.person, audio=options.audio, copies_too=options.backups)
    _write(options.certificate, str(report))
    return Answer(str(report), asdict(report))


def _write(certificate: Path | None, text: str) -> None:
    from fieldapp.errors import ExportProblem

    if certificate is None:
        return
    try:
        certificate.write_text(text, encoding="utf-8")
    except OSError as trouble:
        hint = "Everything is done; the certificate lies in the fieldbook, in its folder certificates."
        raise ExportProblem(f"{certificate} cannot be written: {trouble.strerror}.", hint) from trouble


def _show_all(store: Store) -> Answer:
    from fieldapp.store import consent, people

    everybody = people.persons(store.reader())
    said = {person.code: consent.consents(store.reader(), person.id) for person in everybody}
    lines = [f"{code}: {'; '.join(map(_sentence, words)) or 'nothing noted'}" for code, words in said.items()]
    return Answer("\n".join(lines) or "Nobody is in this fieldbook yet.", {"persons": {code: [asdict(w) for w in words] for code, words in said.items()}})


def _show_one(store: Store, code: str) -> Answer:
    from fieldapp.erasure import person_of
    from fieldapp.store import consent
    from fieldapp.store.handed import handed_over

    person: Person = person_of(store, code)
    words = consent.consents(store.reader(), person.id)
    earlier = handed_over(store.reader(), person.id)
    lines = [f"{person.code}:", *(f"  {_sentence(word)}" for word in words or ()), *([] if words else ["  nothing noted"]), *_earlier(earlier)]
    data: dict[str, Any] = {"person": person.code, "consents": [asdict(word) for word in words], "earlier": [asdict(one) for one in earlier]}
    return Answer("\n".join(lines), data)


def _earlier(earlier: list[Any]) -> list[str]:
    return ["Left this fieldbook with them in it:", *(f"  {one}" for one in earlier)] if earlier else ["Nothing with them in it was noted as leaving."]


def _sentence(word: Consent) -> str:
    end = f", withdrawn {word.withdrawn[:10]}" if word.withdrawn else f", until {word.until}" if word.until else ""
    about = f" (segment {word.segment})" if word.segment else ""
    return f"{word.given[:10]} {'allows' if word.allowed else 'refuses'} '{word.purpose}' for {word.audience}{about}{end}"
