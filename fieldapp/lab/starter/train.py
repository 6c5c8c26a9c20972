"""Training of one arm of the starter: A hears and writes, B also translates, C also pulls the same meaning together. Resumable.

A checkpoint holds weights, optimiser and the number of the next batch; batches are made from seed and number, so a run
that was stopped goes on as if it had not been. What hears learns faster than what writes, so then the writing side learns alone; at last all of it together.
"""

from __future__ import annotations

import copy
import json
import logging
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fieldapp.lab.starter import phones
from fieldapp.lab.starter.batches import Batch, Source, ahead
from fieldapp.lab.starter.corpus import Corpus
from fieldapp.lab.starter.net import GUIDED, WRITES, Shape, Weights, as_arrays, build, parameters
from fieldapp.lab.starter.phones import Phones
from fieldapp.lab.starter.tokens import Vocabulary, learn
from fieldapp.speech.heads import PREFIXES

log = logging.getLogger(__name__)
WRITTEN, MEANT = "writing.json", "tokenizer.json"
"""The vocabularies of a run."""
ARMS = ("a", "b", "c")
TEMPERATURE = 0.07
SAVE_EVERY_S = 240.0
FORGIVEN, LED = 0.14, 4.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train. The learning rate rises over `warm_up` steps and falls to nothing in each part: `steps`, `writing`, `together`."""

    arm: str = "c"
    seed: int = 1
    steps: int = 6000
    writing: int = 0
    """Steps after those in which only the decoder learns; each takes three quarters of the time."""
    together: int = 0
    """Steps after those in which all learn again, beside a decoder that already writes."""
    warm_up: int = 100
    rate: float = 1e-3
    size: int = 64
    translate: float = 0.3
    ctc: float = 1.0
    meaning: float = 1.0
    people: int = 1
    """Of every four batches so many (at most two) are human words."""
    easy: int = 250
    """Steps with single words, as they were spoken: sounds are found there soon, and in long noisy sentences hardly ever."""
    hearing_first: int = 600
    """Steps before meaning counts; it grows to its weight in a third as many. Before the encoder hears, it drowns what hearing needs."""
    workers: int = 2
    device: str = "cpu"
    shape: Shape = field(default_factory=Shape)

    def __post_init__(self) -> None:
        if self.arm not in ARMS:
            raise ValueError(f"no arm '{self.arm}'")


def learned_vocabularies(corpus: Corpus, folder: Path) -> tuple[Vocabulary, Vocabulary]:
    """What a run writes with and what it reads meaning from, learned from the trained texts the first time."""
    for name in (WRITTEN, MEANT):
        if not (folder / name).exists():
            texts = [t for c in corpus.clips if c.split == "train" for t in (c.text, c.english) if t]
            folder.mkdir(parents=True, exist_ok=True)
            learn(texts, small=name == WRITTEN).save(str(folder / name))
    return Vocabulary.load(folder / WRITTEN), Vocabulary.load(folder / MEANT)


def known_phones(corpus: Corpus) -> Phones:
    """How the corpus sounds, asked of espeak-ng the first time."""
    place = corpus.folder / phones.FILE
    if not place.exists():
        phones.learn(((c.language, c.text) for c in corpus.clips if c.split == "train" and c.text), place)
    return Phones.load(place)


def train(
    corpus: Corpus, folder: Path, plan: Plan, *, until: float = math.inf, stop: int = sys.maxsize, said: Callable[[float, str], None] = lambda *_: None
) -> Any:
    """Train or go on training until the plan is done, `stop` of its steps are, or the clock (`time.monotonic`) says `until`; return the network."""
    import torch  # noqa: PLC0415

    device = plan.device
    written, meant = learned_vocabularies(corpus, folder)
    torch.manual_seed(plan.seed)
    model = build(plan.shape, written.size, pieces=meant.end, phones=known_phones(corpus).count).to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.01)
    first = _restore(folder, model, optimiser)
    translate = plan.translate if plan.arm in "bc" else 0.0
    source = Source(corpus.folder, (folder / WRITTEN, folder / MEANT), plan.seed, plan.size, translate, plan.easy, plan.people)
    everything = plan.steps + plan.writing + plan.together
    log.info("%d weights, from step %d of %d", parameters(model), first, everything)
    (folder / "plan.json").write_text(json.dumps(asdict(plan)), encoding="utf-8")
    saved, begun, done = time.monotonic(), time.monotonic(), first
    seen: list[dict[str, float]] = []
    rough = copy.deepcopy(model).to(torch.bfloat16)
    _copy(model, rough)
    for number, batch in ahead(source, first, min(stop, everything), plan.workers):
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * _shape_of_rate(number, plan)
        if not plan.steps <= number < plan.steps + plan.writing:
            losses = _losses(rough, batch, plan, _share_of_meaning(number, plan))
        else:
            losses = {"write": _written_alone(rough, batch, device)}
        total: Any = sum(losses.values())
        rough.zero_grad(set_to_none=True)
        total.backward()
        for exact, learned in zip(model.parameters(), rough.parameters()):
            exact.grad = None if learned.grad is None else learned.grad.float()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        _copy(model, rough)
        done = number + 1
        seen.append({name: float(value.detach()) for name, value in losses.items()})
        if done % 50 == 0:
            means = " ".join(f"{name} {np.mean([s[name] for s in seen if name in s]):.3f}" for name in seen[-1])
            said(done / everything, f"step {done}: {means}; {(time.monotonic() - begun) / (done - first):.2f} s a step")
            seen.clear()
        if time.monotonic() - saved > SAVE_EVERY_S or time.monotonic() > until:
            _save(folder, model, optimiser, done)
            saved = time.monotonic()
        if time.monotonic() > until:
            break
    _save(folder, model, optimiser, done)
    return model


def _copy(model: Any, rough: Any) -> None:
    """The weights in half as many bits: the network works with these, and what it learns is added to the exact ones."""
    import torch  # noqa: PLC0415

    with torch.no_grad():
        for exact, copied in zip(model.parameters(), rough.parameters()):
            copied.copy_(exact)


def _shape_of_rate(number: int, plan: Plan) -> float:
    done = number
    for steps in (plan.steps, plan.writing, plan.together):
        if done < steps:
            break
        done -= steps
    if done < plan.warm_up:
        return (done + 1) / plan.warm_up
    return 0.5 * (1 + math.cos(math.pi * (done - plan.warm_up) / max(1, steps - plan.warm_up))) + 0.01


def _share_of_meaning(number: int, plan: Plan) -> float:
    return min(1.0, max(0.0, 3 * (number - plan.hearing_first) / max(1, plan.hearing_first)))


def _losses(model: Any, batch: Batch, plan: Plan, share: float) -> dict[str, Any]:
    """What is to be made small: writing, hearing (CTC), and in arm C the distance between recordings of one meaning."""
    device = plan.device
    states, inside = _heard(model, batch, device)
    losses = {"write": _written(model, states, inside, batch, device), "hear": plan.ctc * _ctc(model.ctc(states).float(), batch, device)}
    if plan.arm == "c" and share:
        losses["mean"] = share * plan.meaning * _contrast(model, states, batch, device)
    return losses


def _written_alone(model: Any, batch: Batch, device: str) -> Any:
    """The writing loss where what hears stays as it is."""
    import torch  # noqa: PLC0415

    with torch.no_grad():
        states, inside = _heard(model, batch, device)
    return _written(model, states, inside, batch, device)


def _heard(model: Any, batch: Batch, device: str) -> tuple[Any, Any]:
    import torch  # noqa: PLC0415

    states, inside = model.encode(torch.from_numpy(batch.mel).to(device, model.ctc.weight.dtype), torch.from_numpy(batch.steps).to(device))
    return states, inside


def _written(model: Any, states: Any, inside: Any, batch: Batch, device: str) -> Any:
    import torch  # noqa: PLC0415
    from torch.nn import functional  # noqa: PLC0415

    targets = torch.from_numpy(batch.targets).to(device)
    scored = targets != -100
    logits = model.decode(torch.from_numpy(batch.tokens).to(device), states, inside, scored)
    written = functional.cross_entropy(logits.float(), targets[scored], label_smoothing=0.05)
    return written + LED * astray([block.crossed.weights[:, :GUIDED] for block in model.decoder], scored, batch, device)


def astray(looked: Sequence[Any], scored: Any, batch: Batch, device: str) -> Any:
    """How far from where it is said some heads look for what is written; up to a seventh of the utterance is forgiven.

    That text follows speech in order a decoder must find out, and long before it does it has learned to guess from the words alone.
    """
    import torch  # noqa: PLC0415

    scored = scored & torch.from_numpy(batch.in_order).to(device)[:, None]
    scored[:, 0] = False  # the language is told by all of it
    place = (scored.cumsum(1) - 0.5) / scored.sum(1, keepdim=True).clamp(min=1)
    when = torch.arange(looked[0].shape[3], device=device)[None] / torch.from_numpy(batch.speech_steps).to(device)[:, None]
    off = 1 - torch.exp(-((place[:, :, None] - when[:, None]) ** 2) / (2 * FORGIVEN**2))
    each = sum((weights.float() * off[:, None]).sum(3).mean(1) for weights in looked) / len(looked)
    return (each * scored).sum() / scored.sum().clamp(min=1)


def _ctc(heard: Any, batch: Batch, device: str) -> Any:
    """CTC over the sounds of each text. Rows whose sounds are not known, or too many for their length, are left out."""
    import torch  # noqa: PLC0415
    from torch.nn import functional  # noqa: PLC0415

    steps = np.minimum(batch.steps, heard.shape[1])
    kept = [row if 1.2 * len(row) < steps[i] else () for i, row in enumerate(batch.phones)]
    targets = torch.tensor([token for row in kept for token in row], device=device, dtype=torch.long)
    lengths = torch.tensor([len(row) for row in kept], device=device)
    each = functional.ctc_loss(
        heard.log_softmax(-1).transpose(0, 1), targets, torch.from_numpy(steps).to(device), lengths, blank=batch.blank, zero_infinity=True, reduction="none"
    )
    return (each * (lengths > 0) / lengths.clamp(min=1)).sum() / (lengths > 0).sum().clamp(min=1)


def _contrast(model: Any, states: Any, batch: Batch, device: str) -> Any:
    """Each recording against the others of its batch and against their texts: those of its meaning should be nearest, at every prefix."""
    import torch  # noqa: PLC0415
    from torch.nn import functional  # noqa: PLC0415

    speech = (torch.arange(states.shape[1], device=device)[None] < torch.from_numpy(batch.speech_steps).to(device)[:, None]).float()
    spoken = model.means(states, speech.to(states.dtype)).float()
    starts = np.cumsum([0, *(len(text) for text in batch.texts[:-1])])
    pieces = torch.tensor([piece for text in batch.texts for piece in text], device=device)
    written = model.written(pieces, torch.from_numpy(starts).to(device)).float()
    meanings = torch.from_numpy(batch.meanings).to(device)
    same = meanings[:, None] == meanings[None]
    others = same & ~torch.eye(len(spoken), dtype=torch.bool, device=device)
    total: Any = 0.0
    for dims in PREFIXES:
        heard, read = functional.normalize(spoken[:, :dims], dim=1), functional.normalize(written[:, :dims], dim=1)
        among = (heard @ heard.T / TEMPERATURE).masked_fill(torch.eye(len(heard), dtype=torch.bool, device=device), -1e4)
        across = heard @ read.T / TEMPERATURE
        total = total + _nearest(among, others) + 0.5 * _nearest(across, same) + 0.5 * _nearest(across.T, same)
    return total / len(PREFIXES)


def _nearest(likeness: Any, same: Any) -> Any:
    """How unlikely each row finds those it should find; rows that have none are left out."""
    paired = same.sum(1)
    each = -(likeness.log_softmax(1) * same).sum(1) / paired.clamp(min=1)
    return (each * (paired > 0)).sum() / (paired > 0).sum().clamp(min=1)


def _save(folder: Path, model: Any, optimiser: Any, step: int) -> None:
    import torch  # noqa: PLC0415

    aside = folder / "checkpoint.pt.new"
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, aside)
    aside.replace(folder / "checkpoint.pt")


def _restore(folder: Path, model: Any, optimiser: Any) -> int:
    """The step to go on from. A decoder that writes with another vocabulary than the run's is left out: a new one is learned."""
    import torch  # noqa: PLC0415

    place = folder / "checkpoint.pt"
    if not place.exists():
        return 0
    kept = torch.load(place, weights_only=True)
    if kept["model"]["tokens.weight"].shape == model.tokens.weight.shape:
        model.load_state_dict(kept["model"])
        optimiser.load_state_dict(kept["optimiser"])
    else:
        log.warning("the vocabulary has changed: what was heard and meant is kept, writing is learned anew")
        model.load_state_dict({name: value for name, value in kept["model"].items() if not name.startswith(WRITES)}, strict=False)
    return int(kept["step"])


def trained_weights(folder: Path) -> Weights:
    """What a run has learned so far."""
    import torch  # noqa: PLC0415

    kept = torch.load(folder / "checkpoint.pt", weights_only=True)
    return as_arrays(kept["model"])


def trained_steps(folder: Path) -> int:
    """How far a run has come."""
    import torch  # noqa: PLC0415

    return int(torch.load(folder / "checkpoint.pt", weights_only=True)["step"])


def trained_plan(folder: Path) -> Plan:
    """What a run was meant to do."""
    kept = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    return Plan(**kept | {"shape": Shape(**kept["shape"])})
