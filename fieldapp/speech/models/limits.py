"""What the bundled starter model can and cannot do, and what to do then, in plain sentences: said by the doctor and the window alike. Any thread."""

from __future__ import annotations

from fieldapp.speech.manifest import Manifest

STARTER = "starter"
CAN_AND_CANNOT = (
    "The starter writes drafts of short everyday sentences in Mandarin, Cantonese, Hakka and English and finds what means the same across them; "
    "it learned mostly from synthetic voices and a few hundred words, so it cannot write free speech, and people less well than it seems in the demo."
)
LARGER = "For conversations and other languages install a larger model: fieldapp model add OWNER/NAME"


def is_starter(manifest: Manifest) -> bool:
    """Whether this is the model that came with the program, or a part cut out of it."""
    return manifest.kind == "whisper" and (manifest.name == STARTER or manifest.name.startswith(f"{STARTER}-exit"))
