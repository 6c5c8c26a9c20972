"""How long from starting the process until the window is drawn with a fieldbook open: `python tests/bench/window_start.py FIELDBOOK [TIMES]`."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile

CODE = """
import sys, time
from pathlib import Path
from PySide6.QtWidgets import QApplication
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.theme import dress
from fieldapp.settings import Settings
application = QApplication([])
dress(application, "light", 100)
window = MainWindow(Desk(Settings(), Path(sys.argv[2]) / "settings.json"))
window.desk.open(Path(sys.argv[1]))
window.show()
application.processEvents()
print(time.time() - float(sys.argv[3]))
window.close()
"""


def main() -> int:
    """Start the window again and again, without a screen."""
    import time

    times = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    seconds = []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(times):
            environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "FIELDAPP_HOME": home}
            words = [sys.executable, "-c", CODE, sys.argv[1], home, str(time.time())]
            seconds.append(float(subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout))
    answer = {"starts": times, "median_s": round(statistics.median(seconds), 3), "worst_s": round(max(seconds), 3), "cores": os.cpu_count()}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
