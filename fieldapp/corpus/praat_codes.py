"""Praat's backslash codes for letters outside ASCII, as older TextGrids hold them, and the one code that writing needs."""

from __future__ import annotations

import re

CODES = {
    "ae": "æ", "o/": "ø", "ss": "ß", "th": "θ", "dh": "ð", "sh": "ʃ", "zh": "ʒ", "ng": "ŋ", "nj": "ɲ", "mj": "ɱ", "ff": "ɸ", "bf": "β", "c,": "ç",
    "jc": "ʝ", "gf": "ɣ", "ci": "χ", "ri": "ʁ", "?g": "ʔ", "h-": "ħ", "9e": "ʕ", "h^": "ɦ", "sw": "ə", "ep": "ɛ", "ic": "ɪ", "as": "ɑ", "ab": "ɒ",
    "ct": "ɔ", "vt": "ʌ", "hs": "ʊ", "yc": "ʏ", "oe": "œ", "Oe": "ɶ", "at": "ɐ", "i-": "ɨ", "u-": "ʉ", "o-": "ɵ", "e3": "ɜ", "er": "ɜ", "rh": "ɤ",
    "mt": "ɯ", "t.": "ʈ", "d.": "ɖ", "n.": "ɳ", "l.": "ɭ", "s.": "ʂ", "z.": "ʐ", "r.": "ɽ", "fh": "ɾ", "rt": "ɹ", "l~": "ɫ", "l-": "ɬ", "lz": "ɮ",
    "yt": "ʎ", "gc": "ɢ", "nc": "ɴ", "rc": "ʀ", "cc": "ɕ", "zc": "ʑ", "wt": "ʍ", "vs": "ʋ", "gs": "ɡ", "f\u02d0": "ː", ":f": "ː", ".f": "ˑ",
    "'1": "ˈ", "'2": "ˌ", "a\"": "ä", "o\"": "ö", "u\"": "ü", "e'": "é", "a'": "á", "i'": "í", "o'": "ó", "u'": "ú", "e`": "è", "a`": "à",
    "n~": "ñ", "bs": "\\",
}  # fmt: skip
"""The two characters after a backslash, and the letter they stand for."""
_CODE = re.compile(r"\\(" + "|".join(re.escape(code) for code in CODES) + ")")


def to_unicode(label: str) -> str:
    """The label with every known code as its letter; unknown ones stay."""
    return _CODE.sub(lambda found: CODES[found.group(1)], label) if "\\" in label else label


def without_codes(label: str) -> str:
    """The label written so that Praat shows a backslash where one stands."""
    return label.replace("\\", "\\bs")
