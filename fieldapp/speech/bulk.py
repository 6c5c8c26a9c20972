"""Text for many stored segments at the machine's limit: as many workers as cores, each with one thread.

That beats one worker with many threads, because decoding does not gain from a second thread. Batches pay on a graphics card. The rules are those of live
finals. The caller's thread reads the pieces, gets the results as they come and may stop at any.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import numpy as np

from fieldapp.model import Span
from fieldapp.speech.endpoints import Endpointer, EndpointRules
from fieldapp.speech.finals import LONGEST, TRANSLATE, FinalRules, Utterance, transcribe, transcribe_together
from fieldapp.speech.manifest import Context
from fieldapp.speech.packing import Piece, pack, transcribe_window
from fieldapp.speech.recogniser import F32, Recogniser
from fieldapp.speech.vad import VoiceActivity

Done = tuple[str, Utterance]
AHEAD = 8


def find_speech(blocks: Iterable[F32], rules: EndpointRules) -> Iterator[Span]:
    """The utterances of a recording, in samples, cut as they would be live."""
    voice, endpoints, length = VoiceActivity(), Endpointer(rules), 0
    for block in blocks:
        length += len(block)
        yield from endpoints.push(voice.push(block))
    last = [*endpoints.push(voice.finish()), endpoints.finish()]
    yield from (Span(min(span.start, length), min(span.stop, length)) for span in last if span)


def cut(blocks: Iterable[F32], spans: Sequence[Span]) -> Iterator[F32]:
    """The sound of each span (in samples, sorted by start) out of a stream; shorter where the stream ends."""
    source, held, stop = iter(blocks), deque[tuple[int, F32]](), 0
    for span in spans:
        while held and held[0][0] + len(held[0][1]) <= span.start:
            held.popleft()
        while stop < span.stop and (block := next(source, None)) is not None:
            if stop + len(block) > span.start:
                held.append((stop, block))
            stop += len(block)
        parts = [block[max(0, span.start - start) : max(0, span.stop - start)] for start, block in held]
        yield np.concatenate(parts) if parts else np.zeros(0, np.float32)


def transcribe_all(recogniser: Recogniser, pieces: Iterable[Piece], rules: FinalRules, *, workers: int, batch: int = 1) -> Iterator[Done]:
    """Key and utterance of every piece, in the order they are done; only a few pieces are in memory at a time.

    The recogniser must have been loaded with as many workers. Up to `batch` pieces of about one length go through it together
    (windows that are packed are a batch already). Leaving the loop stops the rest.
    """
    context = _bulk_context(recogniser, rules)
    groups = pack(pieces) if context.policy == "packed" else _alike(pieces, 1 if rules.words else batch)
    running: set[Future[list[Done]]] = set()
    with ThreadPoolExecutor(workers, thread_name_prefix="transcribe") as pool:
        try:
            while True:
                running |= {pool.submit(_work, recogniser, group, rules, context) for group in itertools.islice(groups, 2 * workers - len(running))}
                if not running:
                    return
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield from future.result()
        finally:
            for future in running:
                future.cancel()


def _bulk_context(recogniser: Recogniser, rules: FinalRules) -> Context:
    """As the manifest says; but translations cannot be shared out among packed segments, because their words come in another order."""
    bulk = recogniser.manifest.bulk
    return recogniser.manifest.live if bulk.policy == "packed" and (rules.translate or rules.task == TRANSLATE) else bulk


def _alike(pieces: Iterable[Piece], batch: int) -> Iterator[list[Piece]]:
    """Groups of up to `batch`, each of pieces of about one length, which are sought a little ahead."""
    source = iter(pieces)
    while ahead := list(itertools.islice(source, 1 if batch == 1 else AHEAD * batch)):
        ahead.sort(key=lambda piece: len(piece.audio))
        yield from (ahead[at : at + batch] for at in range(0, len(ahead), batch))


def _work(recogniser: Recogniser, group: list[Piece], rules: FinalRules, context: Context) -> list[Done]:
    keys, rows = [piece.key for piece in group], [piece.audio for piece in group]
    if context.policy == "packed":
        if len(rows[0]) <= LONGEST:
            return list(zip(keys, transcribe_window(recogniser, group, rules)))
        context = recogniser.manifest.live
    elif len(rows) > 1 and len(rows[0]) and len(rows[-1]) <= LONGEST:
        return list(zip(keys, transcribe_together(recogniser, rows, rules, context)))
    return [(key, transcribe(recogniser, row, rules, context)) for key, row in zip(keys, rows)]
