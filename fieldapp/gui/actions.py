"""Everything a person can do in the window, as data: id, title, shortcut, page, when it is possible.

Menus, the command palette and the shortcut list are made from this table; pages only say what an action does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from fieldapp.gui.undisturbed import undisturbed
from fieldapp.gui.words import say


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing a person can do. `page` is empty for what works everywhere; `needs` names a condition of the desk."""

    id: str
    title: str
    keys: str = ""
    page: str = ""
    needs: str = ""


DEEDS: tuple[Deed, ...] = (
    Deed("palette", "Find a command", "Ctrl+K"),
    Deed("open", "Open a fieldbook", "Ctrl+O"),
    Deed("new", "New fieldbook", "Ctrl+N"),
    Deed("demo", "Look around in a demo"),
    Deed("import", "Import recordings", "Ctrl+I", needs="writable"),
    Deed("embed", "Make the vectors of what has none", needs="writable"),
    Deed("missing", "Missing sound files", needs="fieldbook"),
    Deed("book", "About this fieldbook", needs="fieldbook"),
    Deed("doubts", "Was it the right item?", needs="fieldbook"),
    Deed("merge", "Merge a fieldbook", needs="writable"),
    Deed("jobs", "What is going on", "Ctrl+J"),
    Deed("close", "Close the fieldbook", "Ctrl+W", needs="fieldbook"),
    Deed("undo", "Undo", "Ctrl+Z", needs="writable"),
    Deed("redo", "Redo", "Ctrl+Shift+Z", needs="writable"),
    Deed("theme", "Light or dark", "Ctrl+Shift+L"),
    Deed("larger", "Larger text", "Ctrl++"),
    Deed("smaller", "Smaller text", "Ctrl+-"),
    Deed("language", "Change the language", ""),
    Deed("shortcuts", "Keyboard shortcuts", "Ctrl+/"),
    Deed("dismiss", "Dismiss the message", "Ctrl+D"),
    Deed("quit", "Quit", "Ctrl+Q"),
)
"""Actions of the window itself; each page adds its own in its `DEEDS`."""


class Actions:
    """The QActions made from deeds. A shortcut a person has changed comes from `overrides`."""

    def __init__(self, owner: QWidget, overrides: Mapping[str, str]) -> None:
        self._owner = owner
        self._overrides = dict(overrides)
        self._actions: dict[str, tuple[Deed, QAction]] = {}

    def add(self, deeds: Iterable[Deed], do: Callable[[str], None]) -> None:
        """Make actions that call `do(id)`."""
        for deed in deeds:
            action = QAction(say(deed.title), self._owner)
            action.setShortcut(QKeySequence(self._overrides.get(deed.id, deed.keys)))
            action.setAutoRepeat(deed.page != "record")  # a Space held too long is one answer, not five
            action.triggered.connect(lambda _checked=False, name=deed.id: _alone(do, name))
            self._owner.addAction(action)
            self._actions[deed.id] = (deed, action)

    def enable(self, conditions: frozenset[str], page: str) -> None:
        """Only what is possible now stays enabled, so a shortcut cannot reach a page that is not shown."""
        for deed, action in self._actions.values():
            action.setEnabled((not deed.needs or deed.needs in conditions) and deed.page in ("", page))

    def clear(self) -> None:
        """Forget every action, before they are made again in another language."""
        for _, action in self._actions.values():
            self._owner.removeAction(action)
            action.deleteLater()
        self._actions.clear()

    def change(self, name: str, keys: str) -> dict[str, str]:
        """Give a deed other keys; returns every shortcut that differs from how it came."""
        deed, action = self._actions[name]
        self._overrides.pop(name, None)
        if keys != deed.keys:
            self._overrides[name] = keys
        action.setShortcut(QKeySequence(keys))
        return dict(self._overrides)

    def taken(self, deed: Deed, keys: str) -> Deed | None:
        """The deed these keys stand for already, where both could be meant."""
        pairs = clashes([one for one, _ in self._actions.values()], {**self._overrides, deed.id: keys})
        return next((self.deed(a if b == deed.id else b) for a, b in pairs if deed.id in (a, b)), None)

    def deed(self, name: str) -> Deed:
        """The deed of that id."""
        return self._actions[name][0]

    def __contains__(self, name: str) -> bool:
        return name in self._actions

    def all(self) -> list[tuple[Deed, QAction]]:
        """Every deed with its action, in the order of the tables."""
        return list(self._actions.values())

    def action(self, name: str) -> QAction:
        """The action of that id."""
        return self._actions[name][1]


def clashes(deeds: Iterable[Deed], overrides: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs of deeds whose shortcuts would fire together: the same keys on the same page, or one of them everywhere."""
    found = []
    seen: list[tuple[str, Deed]] = []
    for deed in deeds:
        keys = QKeySequence(overrides.get(deed.id, deed.keys)).toString()
        if keys:
            found += [(other.id, deed.id) for taken, other in seen if taken == keys and (not deed.page or not other.page or deed.page == other.page)]
            seen.append((keys, deed))
    return found


def _alone(do: Callable[[str], None], name: str) -> None:
    with undisturbed():
        do(name)
