"""The starter's network: Whisper's architecture, so that CTranslate2 runs it unchanged, with two heads that help it learn.

The CTC head makes the encoder hear early in training; the meaning head pulls recordings of one meaning together and towards
their text, which is read as a bag of pieces. None is part of the exported recogniser; the two sides of meaning are exported beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

MELS = 80
POSITIONS = 1500
TEXT_POSITIONS = 448
MEANING_DIMS = 256
SCALE = 16.0
GUIDED = 2
"""So many heads of each decoder layer are shown where to look: they know when a word was said."""
TEACHING = ("ctc", "centre", "meaning", "written")
"""What is no part of the recogniser."""
WRITES = ("tokens", "text_positions", "decoder")
"""What belongs to the decoder, to the beginning of the names."""


Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of the network."""

    width: int = 256
    heads: int = 4
    encoder_layers: int = 6
    decoder_layers: int = 2


def sinusoids(length: int, width: int) -> NDArray[np.float32]:
    """Whisper's fixed positions of the encoder."""
    scale = np.exp(-math.log(10000) / (width // 2 - 1) * np.arange(width // 2))
    angles = np.arange(length)[:, None] * scale[None]
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)


def build(shape: Shape, vocabulary: int, *, pieces: int, phones: int) -> Any:
    """The network with fresh weights. Built inside a function because torch is only there for training.

    No dropout: augmented speech never comes twice, and drawing the chances took a tenth of a step.
    """
    import torch  # noqa: PLC0415
    from torch import nn  # noqa: PLC0415
    from torch.nn import functional  # noqa: PLC0415

    scale = (shape.width // shape.heads) ** -0.5

    class Attention(nn.Module):  # type: ignore[misc]  # torch is untyped here
        """Whisper's attention: the key has no bias. Written out: on a CPU torch's joined one takes twice as long backwards."""

        def __init__(self) -> None:
            super().__init__()
            self.query, self.key = nn.Linear(shape.width, shape.width), nn.Linear(shape.width, shape.width, bias=False)
            self.value, self.out = nn.Linear(shape.width, shape.width), nn.Linear(shape.width, shape.width)
            self.weights: Any = None
            """Where it looked last, [batch, heads, places, steps]: training guides it."""

        def forward(self, x: torch.Tensor, memory: torch.Tensor | None = None, mask: torch.Tensor | None = None, causal: bool = False) -> torch.Tensor:
            source = x if memory is None else memory

            def split(y: torch.Tensor) -> torch.Tensor:
                return y.view(y.shape[0], y.shape[1], shape.heads, -1).transpose(1, 2)

            scores = split(self.query(x)) @ (split(self.key(source)) * scale).transpose(2, 3)
            if causal:
                mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).tril()
            if mask is not None:
                scores = scores.masked_fill(~mask, -1e4)
            self.weights = scores.softmax(-1)
            mixed = self.weights @ split(self.value(source))
            return self.out(mixed.transpose(1, 2).reshape(x.shape))

    class Block(nn.Module):  # type: ignore[misc]  # torch is untyped here
        """One layer of either side."""

        def __init__(self, crossed: bool) -> None:
            super().__init__()
            self.attention_norm, self.attention = nn.LayerNorm(shape.width), Attention()
            self.crossed_norm: Any = nn.LayerNorm(shape.width) if crossed else None
            self.crossed: Any = Attention() if crossed else None
            self.feed_norm = nn.LayerNorm(shape.width)
            self.wide, self.narrow = nn.Linear(shape.width, 4 * shape.width), nn.Linear(4 * shape.width, shape.width)

        def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None, memory: torch.Tensor | None = None, memory_mask: Any = None) -> torch.Tensor:
            x = x + self.attention(self.attention_norm(x), mask=mask, causal=memory is not None)
            if memory is not None:
                x = x + self.crossed(self.crossed_norm(x), memory, memory_mask)
            return x + self.narrow(functional.gelu(self.wide(self.feed_norm(x))))

    class Starter(nn.Module):  # type: ignore[misc]  # torch is untyped here
        """Encoder, decoder and the two teaching heads."""

        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv1d(MELS, shape.width, 3, padding=1)
            self.conv2 = nn.Conv1d(shape.width, shape.width, 3, stride=2, padding=1)
            with torch.no_grad():  # what is heard must not drown in Whisper's positions, which are ten times as loud as a fresh convolution
                self.conv1.weight.mul_(2)
                self.conv2.weight.mul_(4)
            self.register_buffer("positions", torch.from_numpy(sinusoids(POSITIONS, shape.width)), persistent=False)
            self.encoder = nn.ModuleList(Block(crossed=False) for _ in range(shape.encoder_layers))
            self.encoder_norm = nn.LayerNorm(shape.width)
            self.tokens = nn.Embedding(vocabulary, shape.width)
            nn.init.normal_(self.tokens.weight, std=shape.width**-0.5)
            self.text_positions = nn.Parameter(torch.randn(TEXT_POSITIONS, shape.width) * 0.01)
            self.decoder = nn.ModuleList(Block(crossed=True) for _ in range(shape.decoder_layers))
            self.decoder_norm = nn.LayerNorm(shape.width)
            self.ctc = nn.Linear(shape.width, phones + 1)
            self.centre = nn.Parameter(torch.zeros(shape.width))
            self.meaning = nn.Linear(shape.width, MEANING_DIMS, bias=False)
            self.written = nn.EmbeddingBag(pieces, MEANING_DIMS, mode="mean")

        def encode(self, mel: torch.Tensor, steps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            """States [batch, steps, width] and which of them lie inside the utterance or its declared tail."""
            x = functional.gelu(self.conv2(functional.gelu(self.conv1(mel)))).transpose(1, 2)
            x = x + self.positions[: x.shape[1]]
            inside = torch.arange(x.shape[1], device=x.device)[None] < steps[:, None]
            mask = inside[:, None, None, :]
            for block in self.encoder:
                x = block(x, mask)
            return self.encoder_norm(x), inside

        def means(self, states: torch.Tensor, speech: torch.Tensor) -> torch.Tensor:
            """What recordings mean, [batch, dims]: the mean state of their speech, at length 1 (times 16, so that it learns at the pace of the rest)."""
            pooled = (states * speech[..., None]).sum(1) / speech.sum(1, keepdim=True).clamp(min=1)
            return self.meaning(functional.normalize(pooled, dim=1) * SCALE - self.centre)

        def decode(self, tokens: torch.Tensor, states: torch.Tensor, inside: torch.Tensor, at: Any = ...) -> torch.Tensor:
            """Logits of the next token at each place, or at those of a mask."""
            x = self.tokens(tokens) + self.text_positions[: tokens.shape[1]]
            for block in self.decoder:
                x = block(x, None, states, inside[:, None, None, :])
            return self.decoder_norm(x[at]) @ self.tokens.weight.T

    return Starter()


def parameters(model: Any) -> int:
    """How many weights the exported part has."""
    return sum(p.numel() for name, p in model.named_parameters() if not name.startswith(TEACHING))


def as_arrays(state: Mapping[str, Any]) -> Weights:
    """A network's weights as arrays, by name."""
    return {name: value.detach().cpu().float().numpy() for name, value in state.items()}
