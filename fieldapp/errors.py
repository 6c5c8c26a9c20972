"""Everything that can go wrong outside our control, as a sentence for a person: what, where, what to do.

A `FieldError` is the world's fault and is shown politely; any other exception is a bug and goes to the crash report.
"""

from __future__ import annotations


class FieldError(Exception):
    """The world's fault. `message` says what happened and where, `hint` what the person can do now."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class WrongUsage(FieldError):
    """The command was called with words or options that make no sense together (exit code 2)."""


class NotAFieldbook(FieldError):
    """The folder or file is no fieldbook."""


class FieldbookTooNew(FieldError):
    """The fieldbook was written by a newer Fieldapp; it is left untouched."""


class FieldbookLocked(FieldError):
    """Another application holds the fieldbook for writing."""


class ReadOnly(FieldError):
    """A change was asked of a fieldbook that is open for reading only."""


class DiskFull(FieldError):
    """No space is left where something had to be written."""


class Damaged(FieldError):
    """A file is broken in a way that `fieldapp check --repair` may mend."""


class AlreadyThere(FieldError):
    """Something with this name, code or id is in the fieldbook already."""


class NotThere(FieldError):
    """The fieldbook has nothing with this id, name or code."""


class AudioError(FieldError):
    """A sound file cannot be read, decoded or written."""


class DeviceError(FieldError):
    """A sound device is missing, refused the format or went away."""


class ModelError(FieldError):
    """A speech model is missing, incomplete or not to be trusted."""


class ImportProblem(FieldError):
    """Something handed in for import cannot be used as it is."""


class ExportProblem(FieldError):
    """Something cannot be handed out as asked."""


class NotBuiltYet(FieldError):
    """The command belongs to the plan but is not part of this version."""


class Cancelled(Exception):
    """The person asked a running job to stop; not an error and never shown as one."""
