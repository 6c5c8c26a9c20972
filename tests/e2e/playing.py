"""Plays clips through a loudspeaker in a process of its own and prints the positions it passed, as JSON; for test_player.py.

After trouble it plays what the third argument lists, if there is one, and prints what the trouble was.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from fieldapp.audio.player import Player
from fieldapp.audio.render import Clip
from fieldapp.errors import DeviceError
from fieldapp.model import Span


def main() -> None:
    """Arguments: device, then a JSON list of [path, start, stop], then perhaps another."""
    first, *more = ([Clip(Path(path), Span(start, stop)) for path, start, stop in json.loads(queue)] for queue in sys.argv[2:])
    seen: list[tuple[int, int]] = []
    trouble = ""
    with Player(sys.argv[1]) as player:
        try:
            _play(player, first, seen)
        except DeviceError as told:
            if not more:
                raise
            trouble = str(told)
            seen.clear()
            _play(player, more[0], seen)
        print(json.dumps({"seen": seen, "dropouts": player.dropouts, "trouble": trouble}))  # noqa: T201  (what the test reads)


def _play(player: Player, clips: list[Clip], seen: list[tuple[int, int]]) -> None:
    player.play(clips)
    while player.playing:
        position = player.position
        if position:
            seen.append((position.clip, position.frame))
        time.sleep(0.02)


if __name__ == "__main__":
    main()
