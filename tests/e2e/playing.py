"""Plays clips through a loudspeaker in a process of its own and prints the positions it passed, as JSON; for test_player.py."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from fieldapp.audio.player import Player
from fieldapp.audio.render import Clip
from fieldapp.model import Span


def main() -> None:
    """Arguments: device, then a JSON list of [path, start, stop]."""
    clips = [Clip(Path(path), Span(start, stop)) for path, start, stop in json.loads(sys.argv[2])]
    seen: list[tuple[int, int]] = []
    with Player(sys.argv[1]) as player:
        player.play(clips)
        while player.playing:
            position = player.position
            if position:
                seen.append((position.clip, position.frame))
            time.sleep(0.02)
        print(json.dumps({"seen": seen, "dropouts": player.dropouts}))  # noqa: T201  (what the test reads)


if __name__ == "__main__":
    main()
