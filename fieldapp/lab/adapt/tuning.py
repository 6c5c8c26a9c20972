"""Fine-tune a Whisper on a person's own corrected segments: small added matrices (LoRA) in every linear layer. Needs torch (extra [train]).

Stopped at any moment it goes on where it was: the checkpoint holds the added matrices, the optimiser and how far it came. Some
meanings of the training side are only listened to, to notice when learning turns into learning by heart. Runs on the caller's thread.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers

from fieldapp.errors import ModelError
from fieldapp.lab.adapt.weights import read_weights, shape_of
from fieldapp.lab.starter import net
from fieldapp.lab.starter.augment import augment
from fieldapp.lab.starter.net import Weights
from fieldapp.speech.embed import F32
from fieldapp.speech.features import LogMel, laid_length
from fieldapp.speech.manifest import Context, manifest_of
from fieldapp.speech.recogniser import STEP

log = logging.getLogger(__name__)
LINEAR = ("query", "key", "value", "out", "wide", "narrow")
CHECKPOINT = "checkpoint.pt"
CHECKED = 8
"""One meaning in eight of those learned from is only listened to."""
_IGNORED = -100


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Something said, and what was said."""

    audio: F32
    text: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Plan:
    """How to learn. `patience` epochs without anything better end it."""

    rank: int = 16
    rate: float = 1.5e-3
    batch: int = 16
    epochs: int = 40
    patience: int = 5
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """The tables that changed, and how the loss on what was only listened to went, epoch by epoch (the first value: before)."""

    weights: Weights
    listened: tuple[float, ...]
    best: int
    finished: bool


def fine_tune(folder: Path, lessons: Sequence[Lesson], language: str, work: Path, plan: Plan, *, until: float, said: Callable[[float, str], None]) -> Tuned:
    """Learn until nothing gets better, the plan is done or the clock (`time.monotonic`) says `until`."""
    torch = the_torch()
    torch.manual_seed(plan.seed)
    shape, vocabulary = shape_of(folder)
    weights = read_weights(folder, shape)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = net.build(shape, vocabulary, pieces=1, phones=1)
    model.load_state_dict({name: torch.from_numpy(table) for name, table in weights.items()}, strict=False)
    model.eval().requires_grad_(False)
    added = _add_matrices(model, plan.rank)
    model.to(device)
    desk = _Desk(folder, model, language, device, plan.seed)
    checks, learned = _divide(lessons)
    desk.settle_blank(learned[: plan.batch])
    optimiser = torch.optim.AdamW(added, lr=plan.rate, weight_decay=0.01)
    state = _State(work, _key(folder, lessons, language, plan), model, optimiser)
    if not state.listened:
        state.note(desk.loss_of(checks))
    steps = -(-len(learned) // plan.batch)
    while state.epoch < plan.epochs and state.epoch - state.best < plan.patience and time.monotonic() < until:
        for number, batch in enumerate(_batches(learned, plan, state.epoch)):
            for group in optimiser.param_groups:
                group["lr"] = plan.rate * _warmth(state.epoch * steps + number, steps, plan)
            loss = desk.loss(batch, np.random.default_rng((plan.seed, state.epoch, number)))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(added, 1.0)
            optimiser.step()
            if time.monotonic() > until and state.epoch:
                break
        state.note(desk.loss_of(checks))
        said(
            min(1.0, state.epoch / plan.epochs),
            f"epoch {state.epoch}: loss on what is only listened to {state.listened[-1]:.3f} (before {state.listened[0]:.3f})",
        )
        log.info("epoch %d: %.4f", state.epoch, state.listened[-1])
    finished = state.epoch >= plan.epochs or state.epoch - state.best >= plan.patience
    return Tuned(_merged(model, state.best_matrices(), weights), tuple(state.listened), state.best, finished)


def the_torch() -> Any:
    """torch, or a sentence that says how to get it."""
    try:
        import torch  # noqa: PLC0415  (heavy, and only training needs it)
    except ImportError as missing:
        raise ModelError("Adapting a recogniser needs PyTorch, which is not installed.", "Install the extra: pip install 'fieldapp[train]'") from missing
    return torch


class _State:
    """How far learning came; kept on disk after every epoch."""

    def __init__(self, work: Path, key: str, model: Any, optimiser: Any) -> None:
        self._path, self._key, self._model, self._optimiser = work / CHECKPOINT, key, model, optimiser
        self.listened: list[float] = []
        self.epoch, self.best = -1, 0
        self._best: dict[str, Any] = {}
        work.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            self._restore()

    def note(self, loss: float) -> None:
        """An epoch is done (or, at first, none)."""
        self.epoch += 1
        self.listened.append(loss)
        if loss <= min(self.listened):
            self.best, self._best = self.epoch, {name: table.detach().cpu().clone() for name, table in _matrices(self._model).items()}
        kept = {"key": self._key, "epoch": self.epoch, "best": self.best, "listened": self.listened, "best_matrices": self._best}
        now = {name: table.detach().cpu() for name, table in _matrices(self._model).items()}
        aside = self._path.with_name(CHECKPOINT + ".new")
        the_torch().save(kept | {"matrices": now, "optimiser": self._optimiser.state_dict()}, aside)
        aside.replace(self._path)

    def best_matrices(self) -> dict[str, Any]:
        """The added matrices of the best epoch."""
        return self._best

    def _restore(self) -> None:
        try:
            kept = the_torch().load(self._path, weights_only=True, map_location="cpu")
        except Exception as trouble:  # noqa: BLE001  (a cut-off checkpoint is no reason to stop: learning begins again)
            log.warning("%s cannot be read (%s); learning begins again", self._path, trouble)
            return
        if kept["key"] == self._key:
            self._model.load_state_dict(kept["matrices"], strict=False)
            self._optimiser.load_state_dict(kept["optimiser"])
            self.epoch, self.best, self.listened, self._best = kept["epoch"], kept["best"], kept["listened"], kept["best_matrices"]


class _Desk:
    """Lays lessons before the network as live recognition lays speech before the model."""

    def __init__(self, folder: Path, model: Any, language: str, device: str, seed: int) -> None:
        self._model, self._device = model, device
        self._context: Context = manifest_of(folder).live
        self._mel = LogMel(net.MELS)
        self._words = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        names = ("<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>", "<|endoftext|>")
        ids = [self._words.token_to_id(name) for name in names]
        known = [number for number in ids if number is not None]
        if len(known) < len(ids):
            raise ModelError(f"The model in {folder} has no token {names[ids.index(None)]}.", "Choose a language it knows with --language.")
        self._prompt, self._end = known[:4], known[4]
        self._blank = ""
        self._seed = seed

    def settle_blank(self, lessons: Sequence[Lesson]) -> None:
        """Whether texts begin with a blank, as in stock Whispers: whichever the model expects more."""
        found = {}
        for blank in ("", " "):
            self._blank = blank
            found[blank] = self.loss_of(lessons)
        self._blank = min(found, key=lambda blank: found[blank])

    def loss_of(self, lessons: Sequence[Lesson]) -> float:
        """The mean loss over lessons as they were recorded, weighted by tokens."""
        torch = the_torch()
        total, count = 0.0, 0
        with torch.no_grad():
            for start in range(0, len(lessons), 16):
                some = lessons[start : start + 16]
                tokens = sum(len(self._tokens(lesson)) for lesson in some)
                total += float(self.loss(some, None)) * tokens
                count += tokens
        return total / max(1, count)

    def loss(self, lessons: Sequence[Lesson], chance: np.random.Generator | None) -> Any:
        """Cross-entropy of the texts; with `chance`, of the sound as another microphone might have heard it."""
        torch = the_torch()
        sounds = [augment(lesson.audio, chance) if chance else lesson.audio for lesson in lessons]
        lengths = [laid_length(len(sound), self._context, net.MELS) for sound in sounds]
        laid = [np.pad(sound, (0, max(lengths) - len(sound))) for sound in sounds]
        mel = torch.from_numpy(np.stack([self._mel(row)[:, : max(lengths) // (STEP // 2)] for row in laid])).to(self._device)
        states, inside = self._model.encode(mel, torch.tensor([length // STEP for length in lengths], device=self._device))
        rows = [[*self._prompt, *self._tokens(lesson)] for lesson in lessons]
        width = max(map(len, rows))
        tokens = np.full((len(rows), width), self._end, np.int64)
        targets = np.full((len(rows), width), _IGNORED, np.int64)
        for i, row in enumerate(rows):
            tokens[i, : len(row)] = row
            targets[i, len(self._prompt) - 1 : len(row) - 1] = row[len(self._prompt) :]
        logits = self._model.decode(torch.from_numpy(tokens).to(self._device), states, inside)
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.from_numpy(targets).flatten().to(self._device), ignore_index=_IGNORED)

    def _tokens(self, lesson: Lesson) -> list[int]:
        return [*self._words.encode(self._blank + lesson.text, add_special_tokens=False).ids, self._end]


def _add_matrices(model: Any, rank: int) -> list[Any]:
    """Give every linear layer two small matrices that are added to it, at first without effect; those two are what learns."""
    import torch  # noqa: PLC0415

    class Added(torch.nn.Module):  # type: ignore[misc]  # torch is untyped here
        def __init__(self, linear: Any) -> None:
            super().__init__()
            self.linear = linear
            self.down = torch.nn.Parameter(torch.randn(rank, linear.in_features) * linear.in_features**-0.5)
            self.up = torch.nn.Parameter(torch.zeros(linear.out_features, rank))

        def forward(self, x: Any) -> Any:
            return self.linear(x) + x @ self.down.T @ self.up.T

    for module in list(model.modules()):
        for name in LINEAR:
            if isinstance(linear := getattr(module, name, None), torch.nn.Linear):
                setattr(module, name, Added(linear))
    return list(_matrices(model).values())


def _matrices(model: Any) -> dict[str, Any]:
    return {name: table for name, table in model.named_parameters() if name.endswith((".down", ".up"))}


def _merged(model: Any, matrices: dict[str, Any], before: Weights) -> Weights:
    """The linear layers with what was added to them."""
    names = sorted({name.rpartition(".")[0] for name in matrices})
    return {f"{name}.weight": before[f"{name}.weight"] + (matrices[f"{name}.up"] @ matrices[f"{name}.down"]).numpy() for name in names}


def _divide(lessons: Sequence[Lesson]) -> tuple[list[Lesson], list[Lesson]]:
    """What is only listened to, and what is learned from; no meaning is in both."""
    meanings = {meaning: number for number, meaning in enumerate(sorted({lesson.meaning for lesson in lessons}))}
    checks = [lesson for lesson in lessons if meanings[lesson.meaning] % CHECKED == 0]
    return checks, [lesson for lesson in lessons if meanings[lesson.meaning] % CHECKED]


def _batches(lessons: Sequence[Lesson], plan: Plan, epoch: int) -> Iterator[list[Lesson]]:
    """All lessons in batches of similar length, in an order of their own each epoch."""
    chance = np.random.default_rng((plan.seed, epoch))
    lengths = np.array([len(lesson.audio) for lesson in lessons]) * chance.uniform(0.8, 1.25, len(lessons))
    order = np.argsort(lengths, kind="stable")
    groups = [order[start : start + plan.batch] for start in range(0, len(order), plan.batch)]
    for number in chance.permutation(len(groups)):
        yield [lessons[i] for i in groups[number]]


def _warmth(step: int, steps: int, plan: Plan) -> float:
    """The share of the rate at a step: rising over one epoch, then falling along a cosine."""
    done = step / max(1, plan.epochs * steps)
    return min(1.0, (step + 1) / max(1, steps)) * (0.1 + 0.45 * (1 + math.cos(math.pi * done)))


def _key(folder: Path, lessons: Sequence[Lesson], language: str, plan: Plan) -> str:
    """Names exactly this training: another model, other sounds, other texts or another plan begin anew."""
    told = hashlib.sha256(json.dumps([manifest_of(folder).checksums.get("model.bin", str(folder)), language, asdict(plan)], sort_keys=True).encode())
    for lesson in lessons:
        told.update(lesson.text.encode() + lesson.audio.tobytes())
    return told.hexdigest()
