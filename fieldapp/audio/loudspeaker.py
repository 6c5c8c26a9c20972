"""The loudspeaker: opened when something is to be heard, kept open, let go when another one is wanted or it takes no sound."""

from __future__ import annotations

from typing import Any

from fieldapp.audio.devices import accepts, find_output, portaudio
from fieldapp.audio.flow import CHANNELS
from fieldapp.errors import DeviceError

RATE = 48_000
_WARM_UP_SECONDS = 0.15  # a device that was just opened may swallow its first moments, and with them an onset


class Loudspeaker:
    """By its name; None is the system's own. Used by one thread at a time."""

    def __init__(self, name: str | None) -> None:
        self._name = name
        self._mixer: Any = None
        self.steady = 0.0
        """From this stream time on nothing is swallowed."""

    def open(self) -> Any:
        """Its mixer, running."""
        if self._mixer is None:
            output = find_output(self._name)
            rate = RATE if accepts(output.index, RATE, CHANNELS, "output") else output.rate
            try:
                import rtmixer  # noqa: PLC0415  (loads PortAudio)

                self._mixer = rtmixer.Mixer(device=output.index, channels=CHANNELS, samplerate=rate)
                self._mixer.start()
                self.steady = self._mixer.time + _WARM_UP_SECONDS
            except portaudio().PortAudioError as trouble:
                self.close()
                raise DeviceError(f"The loudspeaker '{output.name}' cannot be opened.", "Choose another one, or close what uses it.") from trouble
        return self._mixer

    def close(self, *, drain: bool = False) -> None:
        """Let it go, at once or after what it still holds was heard."""
        if self._mixer is not None:
            if drain:
                self._mixer.stop()  # closing alone would cut off what the device still holds
            self._mixer.close()
        self._mixer = None
