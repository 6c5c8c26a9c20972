"""Which of a model's languages a variety is written in. Any thread."""

from __future__ import annotations

from collections.abc import Callable

import langcodes


def model_language(codes: tuple[str, ...], knows: Callable[[str], bool]) -> str:
    """The code a model has for a variety of these codes (ISO 639-3, BCP 47): as it stands, short (en for eng), the usual one (zh for cmn), or none."""
    for code in filter(None, codes):
        try:
            plain = langcodes.Language.get(code, normalize=False).language or ""
            tried = (plain, langcodes.Language.get(plain).language or "", langcodes.Language.get(langcodes.standardize_tag(plain, macro=True)).language or "")
        except ValueError:  # langcodes' own error is one
            continue
        for one in tried:
            if one and knows(one):
                return one
    return ""
