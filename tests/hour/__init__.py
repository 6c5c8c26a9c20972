"""A scripted hour of work in the window: its fieldbook, the hands that work, the watchdog that measures. `tests/bench/window_hour.py` runs it."""
