"""The starter's vocabularies: byte-level pairs learned from the world's own texts, with Whisper's special tokens behind them, in Whisper's order.

There are two. Text is written in small units (a Han character, two letters), because each is heard often enough to be learned: with units
as long as words, the sounds were heard right long before the words were written right. Meaning is read from units as long as words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

MULTILINGUAL = ""
"""An empty token: CTranslate2 takes a Whisper without it for an English-only one."""
LEARNED = 3000
SMALL = r"\p{Han}|[ -]?(?:[^\p{Han}\s-]\p{M}*){1,2}"
"""What is written at once: a Han character, or two letters with their marks and the space or hyphen before them."""
CODES = {"cmn": "zh", "yue": "yue", "hak": "hak", "eng": "en", "spa": "es", "gla": "gd"}
"""What the language tokens are called. Whisper knows no Hakka and no Gaelic; their tokens stand behind its own."""
_WHISPER = """
en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg
lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so
af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue
"""
WHISPER_LANGUAGES = tuple(_WHISPER.split())
LANGUAGE_TOKENS = (*WHISPER_LANGUAGES, "hak", "gd")
TIMESTAMPS = 1501
END, START, TRANSCRIBE, TRANSLATE, NO_TIMESTAMPS = "<|endoftext|>", "<|startoftranscript|>", "<|transcribe|>", "<|translate|>", "<|notimestamps|>"


def special_tokens() -> list[str]:
    """All special tokens, in the order CTranslate2 and Whisper expect."""
    behind = [TRANSLATE, TRANSCRIBE, "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", NO_TIMESTAMPS]
    return [END, START, *(f"<|{code}|>" for code in LANGUAGE_TOKENS), *behind, *(f"<|{i * 0.02:.2f}|>" for i in range(TIMESTAMPS))]


def learn(texts: Iterable[str], *, small: bool = False) -> Tokenizer:
    """Learn the pairs: units as long as words, or `small` ones. The same texts give the same vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    byte_by_byte = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not small)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(SMALL), "isolated"), byte_by_byte]) if small else byte_by_byte
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=2 * LEARNED if small else LEARNED,  # small units are few: all of them are wanted, the rare ones too
        min_frequency=1 if small else 2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        max_token_length=12,
    )
    tokenizer.train_from_iterator(sorted(set(texts)), trainer)
    document = json.loads(tokenizer.to_str())
    pairs = document["model"]["vocab"]
    pairs[MULTILINGUAL] = len(pairs)
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.add_special_tokens(special_tokens())
    return tokenizer


class Vocabulary:
    """What training needs to know of the tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.size: int = tokenizer.get_vocab_size()
        self.end = self._id(END)
        self.plain = self.end
        """Ids below this are ordinary text."""

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """From a tokenizer.json."""
        return cls(Tokenizer.from_file(str(path)))

    def prompt(self, language: str, task: str) -> list[int]:
        """The tokens before the text."""
        return [self._id(t) for t in (START, f"<|{CODES[language]}|>", TRANSLATE if task == "translate" else TRANSCRIBE, NO_TIMESTAMPS)]

    def encode(self, text: str) -> list[int]:
        """Ordinary text as ids."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Iterable[int]) -> str:
        """Ids as text, special ones left out."""
        return str(self.tokenizer.decode([i for i in ids if i < self.plain]))

    def _id(self, token: str) -> int:
        found = self.tokenizer.token_to_id(token)
        assert found is not None, token
        return int(found)
