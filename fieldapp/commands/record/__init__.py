"""Record a session from the command line: one continuous master, prompts with keys (or words on standard input), takes when it stops.

On a terminal: Space next, R redo, S skip, B back, D discard, 2 second answer, A alternative pronunciation, G this take is good, M mark,
P pause, Q stop. With --kind, stored segments take the place of prompts: each is played, then Space ends what was said to it.

Without a terminal the same as words, a line each: next, redo, ... stop; `@12.5 next` presses the key 12.5 s after the
beginning, exactly. With --seconds and nothing to read, prompts go on by themselves every --every seconds.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from fieldapp.prompts import PromptFile
    from fieldapp.session.closing import Outcome
    from fieldapp.session.plan import Plan
    from fieldapp.session.running import RunningSession
    from fieldapp.store.store import Store

EVERY_SECONDS = 4.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """From where, what is asked, of whom, how."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook; made when the folder is new or empty")
    parser.add_argument("--device", metavar="D", help="the microphone's name (else: as in the settings)")
    parser.add_argument("--source", type=Path, metavar="FILE.wav", help="a sound file in place of a microphone")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="how fast the file plays: 10 is ten times, 0 as fast as it can be written")
    parser.add_argument("--prompts", type=Path, metavar="LIST.csv", help="a prompt list (CSV, TSV, JSON); swadesh-100 and leipzig-jakarta-100 are built in")
    parser.add_argument("--seed", type=int, metavar="N", help="draw the order of the prompts anew, within sections")
    parser.add_argument("--speaker", default="", metavar="CODE", help="who speaks")
    parser.add_argument("--variety", default="", metavar="V", help="which variety they speak")
    parser.add_argument("--session", default="", metavar="NAME", help="the session's name (else: the date and the speaker); with --kind: what to annotate")
    parser.add_argument("--kind", choices=("careful", "translation"), help="annotate aloud: respeak stored segments carefully, or translate them")
    parser.add_argument("--respeak", default="", metavar="SEGMENT", help="annotate this segment aloud")
    parser.add_argument("--seconds", type=float, metavar="S", help="stop after so long")
    parser.add_argument(
        "--every", type=float, metavar="S", help=f"go to the next prompt every so often (without a terminal and with --seconds: {EVERY_SECONDS})"
    )
    parser.add_argument("--rate", type=int, choices=(44_100, 48_000, 88_200, 96_000), help="frames per second (else: as in the settings)")
    parser.add_argument("--bits", type=int, choices=(16, 24), help="bits per sample (else: as in the settings)")
    parser.add_argument("--channels", type=int, choices=(1, 2), help="mono or stereo (else: as in the settings)")
    parser.add_argument("--early", type=float, default=0.3, metavar="S", help="how long before its key an answer may begin (default 0.3)")
    parser.add_argument("--live", action="store_true", help="write drafts of what is said meanwhile")
    parser.add_argument("--model", default="", help="the speech model for --live, by name or folder (else: the one in the settings)")
    parser.add_argument("--language", metavar="CODE", help="the language it listens for, or 'auto' (else: as in the settings)")
    parser.add_argument("--resume", action="store_true", help="take over the session that is still being recorded, or close what a crash left")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Record, and tell what became of it."""
    from fieldapp.errors import ReadOnly

    _refuse_nonsense(options)
    with _open(options) as store:
        if store.read_only:
            raise ReadOnly(f"{store.folder} is open for reading only: {store.read_only_reason}.", "Nothing was recorded.")
        recovered, said = _look_after(options, store)
        session = _take_over(store) if options.resume else _begin(options, store, said)
        if session is None:
            return _answer(store, [], recovered, said)
        if options.live:
            _write_live(options, session)
        outcome, notices = _record(options, session, store, progress)
        return _answer(store, [outcome], recovered, said, notices)


def _refuse_nonsense(options: argparse.Namespace) -> None:
    from fieldapp.errors import WrongUsage

    for name in ("seconds", "every"):
        if getattr(options, name) is not None and not 0 <= getattr(options, name) < 10**6:
            raise WrongUsage(f"--{name} must be a number of seconds.")
    if not 0 <= options.speed <= 1000 or not 0 <= options.early <= 1:
        raise WrongUsage("--speed goes from 0 to 1000, --early from 0 to 1 second.")
    if options.resume and (options.source or options.prompts):
        raise WrongUsage("--resume goes on with what is there; it takes no --source and no --prompts.")
    if options.kind and not (options.session or options.respeak):
        raise WrongUsage("--kind needs --session NAME or --respeak SEGMENT: what shall be annotated?")
    if (options.kind or options.respeak) and (options.prompts or options.resume):
        raise WrongUsage("Segments take the place of prompts; --prompts and --resume do not go with them.")
    if (options.model or options.language) and not options.live:
        raise WrongUsage("--model and --language go with --live.")
    if options.source and options.device:
        raise WrongUsage("Sound comes from --device or from --source, not from both.")


def _open(options: argparse.Namespace) -> Store:
    from fieldapp.store.store import Store

    folder: Path = options.fieldbook.absolute()
    if not options.resume and (not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))):
        return Store.create(folder, folder.name)
    return Store.open(folder)


def _look_after(options: argparse.Namespace, store: Store) -> tuple[list[Outcome], list[str]]:
    """Close what a crash left; a session that is being recorded is only touched when asked for."""
    from fieldapp.errors import AlreadyThere
    from fieldapp.session import recovery

    recovered = recovery.close_unfinished(store)
    if not options.resume and any(one.alive for one in recovery.unfinished(store)):
        raise AlreadyThere("A session of this fieldbook is being recorded.", f"Go on with it: fieldapp record {store.folder} --resume")
    return recovered, []


def _take_over(store: Store) -> RunningSession | None:
    from fieldapp.errors import NotThere
    from fieldapp.session import recovery

    try:
        return recovery.take_over(store, "fieldapp record")
    except NotThere:
        return None


def _begin(options: argparse.Namespace, store: Store, said: list[str]) -> RunningSession:
    """Read the list, open the microphone, write the rows, record."""
    from fieldapp import paths, settings
    from fieldapp.audio.client import RecorderClient
    from fieldapp.audio.quality import wrong_microphone
    from fieldapp.prompts import read_prompts
    from fieldapp.session import plan, running

    chosen = settings.load(paths.config() / settings.FILE)[0]
    place = _list_path(options.prompts)
    listed = read_prompts(place) if place else None
    said += listed.problems if listed else ()
    source: dict[str, Any] = {"source": str(options.source.absolute()), "speed": options.speed} if options.source else {}
    if not source:
        source = {"device": options.device or chosen.input_device or None, "rate": options.rate or chosen.sample_rate}
        source["channels"] = options.channels or chosen.channels
    client = RecorderClient.start_or_attach(store.folder, "fieldapp record", reserve=chosen.disk_reserve_mb * 10**6, unattended=chosen.unattended_hours * 3600)
    try:
        armed = running.arm(client, source)
        warning = wrong_microphone(str(armed.get("device") or "")) if not options.source else None
        said += [warning.sentence] if warning else []
        made = _plan(options, store, listed, place, {**armed, "bits": options.bits or chosen.bits})
        try:
            return running.begin(store, client, made, source, preroll=chosen.pre_roll_seconds)
        except BaseException:
            plan.drop_plan(store, made)
            raise
    except BaseException:
        client.bye()
        raise


def _write_live(options: argparse.Namespace, session: RunningSession) -> None:
    """With the model and language of the settings, or those that were named."""
    from dataclasses import replace

    from fieldapp.commands.engine import current, live_engine

    chosen = current()
    language = chosen.spoken_language if options.language is None else options.language
    chosen = replace(chosen, model=options.model or chosen.model, spoken_language="" if language == "auto" else language)
    spoken = None if language == "auto" else session.variety
    session.write_live(lambda: live_engine(chosen, spoken))


def _plan(options: argparse.Namespace, store: Store, listed: PromptFile | None, place: Path | None, sound: dict[str, Any]) -> Plan:
    """The rows of a session, or of segments to be annotated aloud."""
    from fieldapp.session import oral, plan

    if options.kind or options.respeak:
        targets = oral.wanted_segments(store, segment=options.respeak, session=options.session)
        return oral.plan_oral(store, targets, options.kind or oral.CAREFUL, options.speaker, sound)
    wish = plan.Wish(
        speaker=options.speaker,
        variety=options.variety,
        prompts=listed,
        prompts_folder=place.parent if place else None,
        seed=options.seed,
        name=options.session,
        early=options.early,
    )
    return plan.make_plan(store, wish, sound)


def _list_path(given: Path | None) -> Path | None:
    """A file, or the name of a list that comes with Fieldapp."""
    from fieldapp import paths

    if given is None or given.exists() or given.suffix or len(given.parts) > 1:
        return given
    return paths.resource("promptlists", f"{given.name}.csv")


def _record(options: argparse.Namespace, session: RunningSession, store: Store, progress: Progress) -> tuple[Outcome, list[str]]:
    from fieldapp.commands.record.driving import Drive
    from fieldapp.commands.record.keys import LineKeys, TerminalKeys
    from fieldapp.commands.record.played import Played
    from fieldapp.commands.record.screen import Lines, Screen

    on_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    every = options.every
    if every is None and not on_terminal and options.seconds is not None:
        every = EVERY_SECONDS
    keys = TerminalKeys() if on_terminal else LineKeys(sys.stdin)
    screen = Screen(sys.stderr, session) if on_terminal else Lines(sys.stderr, session)
    stays = options.source is not None or options.seconds is not None
    played = session.plan.course.oral and not options.source  # a file in place of the microphone hears no loudspeaker
    with keys, Played(store, session) if played else nullcontext() as ear:
        drive = Drive(session, keys, screen, ear, seconds=options.seconds, every=every or 0.0, stays=stays)
        stop_frame = drive.run()
    outcome = session.stop(stop_frame, progress)
    screen.finish()
    drive.said += _about_text(session, outcome, store)
    notices = [f"{notice.frame / session.plan.master.rate:.1f} s: {notice.sentence}" for notice in session.look().notices]
    return outcome, notices + drive.said


def _about_text(session: RunningSession, outcome: Outcome, store: Store) -> list[str]:
    """Why there is no live text, and what still waits for it."""
    if session.text is None:
        return []
    why, waiting = session.text.look().sentence, sum(segment.state == "pending" for segment in outcome.segments)
    later = f"{waiting} segments wait for text: fieldapp transcribe {store.folder} --pending" if waiting else ""
    return [sentence for sentence in (why, later) if sentence]


def _answer(store: Store, recorded: list[Outcome], recovered: list[Outcome], said: list[str], notices: list[str] | None = None) -> Answer:
    from fieldapp.commands.record.telling import as_data, as_text

    data = {
        "fieldbook": str(store.folder),
        "sessions": [as_data(store, outcome) for outcome in recorded],
        "recovered": [as_data(store, outcome) for outcome in recovered],
        "problems": said,
        "notices": notices or [],
    }
    return Answer(as_text(data), data)
