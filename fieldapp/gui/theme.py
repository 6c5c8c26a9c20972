"""Colours, sizes and the style sheet: light and dark are equal, text scales from 100 to 200 %, red means recording or loss only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from fieldapp import paths
from fieldapp.writing.scripts import families

GRID = 8
BASE_TEXT_PX = 13


@dataclass(frozen=True, slots=True)
class Colours:
    """One theme. Every text colour reaches a contrast of 4.5 on every ground it stands on (a test computes it)."""

    window: str
    panel: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    accent_soft: str
    red: str
    on_red: str
    amber: str
    amber_soft: str
    wave: str
    stage: str


LIGHT = Colours(window="#f4f5f6", panel="#ffffff", raised="#eceef0", line="#d3d8dd", text="#1b1f24", muted="#56606b", accent="#1a62a3", on_accent="#ffffff",
                accent_soft="#e1ecf6", red="#c0202b", on_red="#ffffff", amber="#7a5200", amber_soft="#fff2d1", wave="#3c6e9e", stage="#fbfbfc")  # fmt: skip
DARK = Colours(window="#15181c", panel="#1c2025", raised="#262b31", line="#373e46", text="#e7eaed", muted="#a3adb7", accent="#7dbbf0", on_accent="#0f2233",
               accent_soft="#203347", red="#ff6b70", on_red="#2a0709", amber="#eac05e", amber_soft="#3a2f14", wave="#7fb0dc", stage="#181b20")  # fmt: skip

VOICES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a")
"""Colours of speakers and varieties, told apart by colour-blind people too; a letter or shape always stands beside them."""


def system_prefers_dark() -> bool:
    """What the desktop asks for."""
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def colours(theme: str) -> Colours:
    """`light`, `dark`, or `system` for what the desktop asks for."""
    return DARK if theme == "dark" or (theme == "system" and system_prefers_dark()) else LIGHT


def dress(application: QApplication, theme: str, text_percent: int, fonts: Mapping[str, str] | None = None) -> Colours:
    """Give the whole application the colours of a theme, a text size and the chosen fonts (a family by script); `dressing` has the rest."""
    chosen = colours(theme)
    font = QFont(application.font())
    font.setPixelSize(scaled(BASE_TEXT_PX, text_percent))
    font.setFamilies([*families("", fonts or {}), font.family()])
    if application.style().name() != "fusion":  # a new style dresses every widget anew
        application.setStyle("Fusion")
    application.setFont(font)
    application.setPalette(_palette(chosen))
    QToolTip.setPalette(_palette(chosen))
    return chosen


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget another role of the style sheet."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        QApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))  # a label takes its padding over only then


def scaled(pixels: int, text_percent: int) -> int:
    """A size that grows with the text."""
    return round(pixels * text_percent / 100)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2 between two colours."""

    def luminance(colour: str) -> float:
        ink = QColor(colour)
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (ink.redF(), ink.greenF(), ink.blueF()))
        return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _palette(c: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    pairs = {
        role.Window: c.window, role.WindowText: c.text, role.Base: c.panel, role.AlternateBase: c.window, role.Text: c.text, role.Button: c.raised,
        role.ButtonText: c.text, role.Highlight: c.accent, role.HighlightedText: c.on_accent, role.ToolTipBase: c.raised, role.ToolTipText: c.text,
        role.PlaceholderText: c.muted, role.Link: c.accent,
    }  # fmt: skip
    for which, colour in pairs.items():
        palette.setColor(which, QColor(colour))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Text, QColor(c.muted))
    palette.setColor(QPalette.ColorGroup.Disabled, role.ButtonText, QColor(c.muted))
    return palette


def style_sheet(c: Colours, percent: int) -> str:
    """What colours and sizes alone do not say; for one part of the window."""

    def px(n: int) -> str:
        return f"{scaled(n, percent)}px"

    arrow, check = (paths.resource("icons", f"{name}-{'dark' if c is DARK else 'light'}.svg").as_posix() for name in ("down", "check"))
    return f"""
    QWidget {{ color: {c.text}; }}
    QMainWindow, QDialog {{ background: {c.window}; }}
    QToolTip {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.line}; padding: 4px; }}
    #sidebar {{ background: {c.raised}; border-right: 1px solid {c.line}; }}
    #sidebar QToolButton {{ border: 2px solid transparent; border-radius: 6px; padding: {px(6)} {px(10)}; text-align: left; }}
    #sidebar QToolButton:focus {{ border-color: {c.accent}; }}
    #sidebar QToolButton:hover {{ background: {c.window}; }}
    #sidebar QToolButton:checked {{ background: {c.accent_soft}; color: {c.accent}; font-weight: 600; }}
    #strip {{ background: {c.raised}; border-top: 1px solid {c.line}; }}
    #strip QLabel {{ color: {c.muted}; padding: 0 {px(8)}; }}
    #strip QLabel[role="look"] {{ color: {c.amber}; font-weight: 600; padding: {px(2)} {px(8)}; }}
    #strip QPushButton[role="badge"] {{ background: {c.red}; color: {c.on_red}; border: none; font-weight: 600; padding: {px(2)} {px(10)}; }}
    #strip QPushButton[role="badge"]:focus {{ border: 2px solid {c.text}; }}
    #strip QPushButton[role="plain"] {{ background: transparent; border: 1px solid {c.line}; padding: {px(1)} {px(8)}; }}
    #message {{ background: {c.panel}; border: 1px solid {c.line}; border-left: 4px solid {c.accent}; border-radius: 6px; }}
    #message[role="look"] {{ border-left-color: {c.amber}; }}
    #message[role="loss"] {{ border-left-color: {c.red}; }}
    #message QToolButton {{ border: none; padding: 4px; border-radius: 4px; }}
    #message QToolButton:hover {{ background: {c.raised}; }}
    #message QToolButton:focus {{ border: 2px solid {c.accent}; }}
    #panel[drop="true"] {{ border: 2px dashed {c.accent}; }}
    QProgressBar {{ background: {c.raised}; border: none; border-radius: 4px; text-align: center; min-height: {px(18)}; }}
    QProgressBar::chunk {{ background: {c.accent_soft}; border-radius: 4px; }}
    #panel {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 8px; }}
    QLabel[role="title"] {{ font-size: {px(22)}; font-weight: 600; }}
    QLabel[role="heading"] {{ font-size: {px(15)}; font-weight: 600; }}
    QLabel[role="muted"] {{ color: {c.muted}; }}
    QLabel[role="prompt"] {{ font-size: {px(44)}; }}
    QLabel[role="clock"] {{ font-size: {px(20)}; font-weight: 600; }}
    QLabel[role="look"] {{ background: {c.amber_soft}; color: {c.amber}; border-radius: 6px; padding: {px(6)} {px(10)}; }}
    QLabel[role="recording"] {{ color: {c.red}; font-weight: 600; }}
    QPushButton {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 6px; padding: {px(6)} {px(14)}; min-height: {px(20)}; }}
    QPushButton:hover {{ background: {c.raised}; }}
    QPushButton:focus, QToolButton:focus, QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus,
    QAbstractItemView:focus {{ border: 2px solid {c.accent}; }}
    QAbstractItemView[role="plain"] {{ border: none; }}
    QPushButton[role="primary"], QPushButton[role="primary-step"] {{ background: {c.accent}; color: {c.on_accent}; border: 1px solid {c.accent};
      font-weight: 600; }}
    QPushButton[role="primary"]:focus, QPushButton[role="primary-step"]:focus {{ border: 2px solid {c.text}; }}
    QPushButton[role="primary"]:disabled, QPushButton[role="primary-step"]:disabled {{ background: {c.raised}; color: {c.muted}; border-color: {c.line}; }}
    QPushButton[role="step"], QPushButton[role="primary-step"] {{ text-align: left; }}
    QPushButton[role="record"] {{ background: {c.red}; color: {c.on_red}; border: 1px solid {c.red}; font-weight: 600; }}
    QPushButton[role="record"]:disabled {{ background: {c.raised}; color: {c.muted}; border-color: {c.line}; }}
    QToolButton[role="tool"], QToolButton[role="narrow"] {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 6px; padding: {px(4)} {px(8)}; }}
    QToolButton[role="narrow"] {{ padding: {px(4)} {px(4)}; }}
    QToolButton[role="tool"]:hover, QToolButton[role="narrow"]:hover {{ background: {c.raised}; }}
    QToolButton[role="tool"]:checked, QToolButton[role="narrow"]:checked {{ background: {c.accent_soft}; color: {c.accent}; border-color: {c.accent}; }}
    QToolButton[role="tool"]:focus {{ border: 2px solid {c.accent}; padding: {px(3)} {px(7)}; }}
    QToolButton[role="narrow"]:focus {{ border: 2px solid {c.accent}; padding: {px(3)}; }}
    QPushButton:disabled {{ color: {c.muted}; }}
    QLineEdit, QComboBox, QPlainTextEdit, QTextEdit, QSpinBox, QDateEdit {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 6px;
      padding: {px(5)} {px(8)}; selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
    QComboBox::down-arrow {{ image: url("{arrow}"); width: {px(14)}; height: {px(14)}; }}
    QCheckBox::indicator, QRadioButton::indicator, QAbstractItemView::indicator {{ width: {px(14)}; height: {px(14)}; border: 1px solid {c.muted};
      border-radius: 3px; background: {c.panel}; }}
    QCheckBox::indicator:checked, QAbstractItemView::indicator:checked {{ background: {c.accent}; border-color: {c.accent}; image: url("{check}"); }}
    QCheckBox::indicator:focus {{ border: 2px solid {c.accent}; }}
    QCheckBox:focus {{ color: {c.accent}; }}
    QLineEdit, QComboBox, QPlainTextEdit, QTextEdit {{ placeholder-text-color: {c.muted}; }}
    QComboBox::drop-down {{ border: none; width: {px(24)}; }}
    QTextEdit[draft="true"] {{ color: {c.muted}; border: 1px dotted {c.muted}; }}
    QTextEdit[draft="true"]:focus {{ border: 2px dotted {c.accent}; }}
    QAbstractItemView {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 6px; alternate-background-color: {c.window}; }}
    QAbstractItemView::item {{ padding: {px(5)}; }}
    #symbols::item {{ padding: 0 1px; }}
    QHeaderView::section {{ background: {c.raised}; color: {c.muted}; border: none; border-bottom: 1px solid {c.line}; padding: {px(5)} {px(8)}; }}
    QTabWidget::pane {{ border: none; }}
    QTabBar::tab {{ background: transparent; color: {c.muted}; border: none; border-bottom: 3px solid transparent; padding: {px(8)} {px(16)}; }}
    QTabBar::tab:selected {{ color: {c.accent}; border-bottom-color: {c.accent}; font-weight: 600; }}
    QTabBar::tab:focus {{ background: {c.accent_soft}; }}
    QScrollArea, #inside {{ background: transparent; border: none; }}
    QSplitter::handle {{ background: {c.line}; }}
    QScrollBar {{ background: transparent; width: 12px; height: 12px; }}
    QScrollBar::handle {{ background: {c.line}; border-radius: 5px; min-height: 24px; min-width: 24px; margin: 2px; }}
    QAbstractScrollArea::corner {{ background: transparent; border: none; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    """
