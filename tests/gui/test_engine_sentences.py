"""What the engine and the search say in plain English is said in the window's language: every sentence of theirs has its translation, places and all."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldapp import errors, paths
from fieldapp.errors import FieldError, ModelError
from fieldapp.gui import words
from fieldapp.gui.words import LANGUAGES, tell, told

ROOT = Path(__file__).resolve().parents[2]
STORE = (
    "about",
    "backup",
    "connect",
    "consent",
    "erase",
    "handed",
    "holder",
    "people",
    "prompts",
    "relink",
    "rows",
    "saved",
    "segments",
    "sessions",
    "store",
    "trouble",
    "undo",
    "writer",
)
CORPUS = ("compressed", "document", "eaf", "glottolog", "output", "saymore/project", "saymore/record", "subtitles", "xml")
ROOMS = (
    "speech/*.py",
    "speech/models/intake.py",
    "speech/models/probe.py",
    "speech/models/shelf.py",
    "finding/*.py",
    "commands/engine.py",
    "commands/asking.py",
    "store/words.py",
    "bulk/listening.py",
    "writing/*.py",
    "audio/deck.py",
    "audio/decode.py",
    "audio/devices.py",
    "audio/guard.py",
    "audio/masters.py",
    "audio/loudspeaker.py",
    "audio/player.py",
    "audio/quality.py",
    "audio/sources.py",
    "audio/take.py",
    "audio/wav.py",
    "session/*.py",
    "corpus/exporters/*.py",
    "corpus/importers/*.py",
    *(f"corpus/{name}.py" for name in CORPUS),
    "handover.py",
    "erasure.py",
    "projects.py",
    "intake/*.py",
    *(f"store/{name}.py" for name in STORE),
    "store/merge/*.py",
)
"""Whose sentences reach the window. What only commands do (fetching, converting, cutting models, checking a fieldbook, deposits) is not among them."""
KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, FieldError)}
PLACES = {**dict.fromkeys(KINDS, (0, 1)), "Basis": (0,), "_installed": (1,), "progress": (1,), "Loss": (1,), "Verdict": (1,), "LeftOut": (1,)}
"""Calls that carry sentences, and which arguments do."""
NAMED = {"why", "sentence", "slow", "lacking", "hint", "EMBED", "WHY", "TITLE"}
"""Names under which sentences are handed on."""


def template(node: ast.expr) -> list[str]:
    """The texts an expression can be, with numbered places for what is filled in."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) and node.value else []
    if isinstance(node, ast.IfExp):
        return template(node.body) + template(node.orelse)
    if isinstance(node, ast.JoinedStr):
        numbers = iter(range(100))
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else f"{{{next(numbers)}}}" for part in node.values)]
    return []


def is_named(node: ast.Assign | ast.AnnAssign) -> bool:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return isinstance(target, ast.Name) and target.id in NAMED


def carried(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            yield from (node.args[place] for place in PLACES.get(name, ()) if place < len(node.args))
            yield from (keyword.value for keyword in node.keywords if keyword.arg in NAMED)
        elif isinstance(node, ast.Lambda):
            yield node.body
        elif isinstance(node, ast.GeneratorExp):
            yield node.elt
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and is_named(node):
            yield from node.value.values if isinstance(node.value, ast.Dict) else [node.value]
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.IfExp | ast.JoinedStr | ast.Constant):
            yield node.value
        elif isinstance(node, ast.Tuple):
            yield from (part for part in node.elts if isinstance(part, ast.IfExp))


NO_SENTENCE = re.compile(
    r"SELECT|json_extract|quote\(|^\{0\} of \{1\}  \{2\}$|NEAR\(|^\{0\} on '\{1\}'$|^with\w* .*times$|^speakers, |\{0\} (of \{1\}\{2\}|the|AND|OR)|^[^a-z]*$"
)
"""Queries to SQLite, names of spaces and devices, which are put together in the same ways."""


@pytest.fixture(scope="module")
def english() -> set[str]:
    found: set[str] = set()
    for room in ROOMS:
        for path in sorted((ROOT / "fieldapp").glob(room)):
            texts = [text for node in carried(ast.parse(path.read_text(encoding="utf-8"))) for text in template(node)]
            found.update(text for text in texts if " " in text and not NO_SENTENCE.search(text))
    return found


def table_of(language: str) -> dict[str, str]:
    table: dict[str, str] = json.loads((ROOT / "resources" / "translations" / f"{language}.engine.json").read_text(encoding="utf-8"))
    return table


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_sentence_of_the_engine_is_translated_and_none_is_left_over(language: str, english: set[str]) -> None:
    table = table_of(language)
    lines = json.dumps(dict.fromkeys(sorted(english - set(table)), ""), ensure_ascii=False, indent=1)
    assert english <= set(table), f"translate these (lines to paste):\n{lines}"
    assert not set(table) - english, "nobody says these any more"
    assert not [text for text, said in table.items() if not said.strip() or places(said) - places(text)]


@pytest.fixture
def chinese() -> Iterator[None]:
    words.speak("zh_CN", paths.resource("translations"))
    yield
    words.speak("en", paths.resource("translations"))


@pytest.mark.usefixtures("chinese")
def test_places_are_filled_with_what_the_engine_said() -> None:
    assert tell("The query is 0.12 s long.") == "所查的声音长 0.12 秒。"
    assert tell("The model in /a b/c cannot be loaded: no file model.bin.") == "无法加载 /a b/c 中的模型：no file model.bin。"
    assert told(ModelError("There is no model 'x'.", "Install it again.")) == "没有模型“x”。 请重新安装。"


@pytest.mark.usefixtures("chinese")
def test_what_store_import_and_export_say_is_told_too() -> None:
    assert tell("Subtitles (SRT)") == "字幕（SRT）"
    assert tell("W1 has not allowed 'publish' (nothing is noted).") == "W1 未允许“publish”（没有记录）。"
    assert told(FieldError("The disk is full: the text could not be written.", "Make room and look again.")).startswith("磁盘已满：无法写入 the text。")
    assert tell("a.zip holds two files called 'b.wav'.") == "a.zip 中有两个名为“b.wav”的文件。"
    assert (
        tell("a.TextGrid is a binary TextGrid. Open it in Praat and save it as a text file.")
        == "a.TextGrid 是二进制 TextGrid。 请用 Praat 打开并另存为文本文件。"
    )


@pytest.mark.usefixtures("chinese")
def test_a_sentence_inside_another_and_two_in_a_row_are_told() -> None:
    assert tell("Not looked for: A search by sound needs a sound.") == "未能查找：按声音查找需要声音。"
    assert tell("No live text: There is no model 'x'. Install it again.") == "没有实时文本：没有模型“x”。 请重新安装。"
    assert tell("This sounds like 'moon', not 'sun': not calibrated yet (3 pairs of one meaning by different speakers; 30 are needed).").startswith(
        "听起来像“moon”"
    )


@pytest.mark.usefixtures("chinese")
def test_what_nobody_translated_stays_as_it_is() -> None:
    for sentence in ("", "something else", "a. b. c.", "\n", "{0}", "% s"):
        assert tell(sentence) == sentence


def test_english_is_left_alone() -> None:
    assert tell("The query is silent.") == "The query is silent."
