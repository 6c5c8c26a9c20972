"""Everything one can do on the review page, as data. All keys work while typing; Tab, Enter and Escape belong to the typing field."""

from __future__ import annotations

from fieldapp.gui.actions import Deed

_LISTEN = (
    ("play", "Play or pause the segment", "Ctrl+Space"),
    ("play_on", "Play from the cursor", "Ctrl+Shift+Space"),
    ("loop", "Play again and again", "Ctrl+L"),
    ("slower", "Play slower", "Ctrl+["),
    ("faster", "Play faster", "Ctrl+]"),
    ("speed", "Play at the next speed", ""),
)
_GO = (
    ("next", "Next segment", "Ctrl+Down"),
    ("previous", "Previous segment", "Ctrl+Up"),
    ("next_to_check", "Next segment to check", "Ctrl+Shift+Down"),
    ("field", "Go to the typing field", "F2"),
    ("symbols", "Show or hide the phonetic symbols", "F4"),
    ("keyboard", "Type this tier with the next keyboard", "F6"),
    ("fonts", "Fonts of tiers and scripts", ""),
    ("recordings", "Show the recordings", "Ctrl+Shift+O"),
    ("segments", "Show the segments", "Ctrl+Shift+G"),
    ("queue", "Show what is to be checked", "Ctrl+Shift+K"),
    ("table", "Show the segments as a table, or as a list again", "Ctrl+Shift+T"),
    ("zoom_in", "Zoom in", "Alt+Up"),
    ("zoom_out", "Zoom out", "Alt+Down"),
    ("zoom_segment", "Zoom to the segment", "Alt+0"),
    ("zoom_all", "Show the whole recording", "Alt+Home"),
    ("cursor_earlier", "Cursor 50 ms earlier", "Alt+,"),
    ("cursor_later", "Cursor 50 ms later", "Alt+."),
    ("mark", "Mark one end of a selection at the cursor, then the other", "F7"),
    ("earlier", "Show what is earlier", "Alt+PgUp"),
    ("later", "Show what is later", "Alt+PgDown"),
)
_CHANGE = (
    ("confirm", "Confirm and go on", "Ctrl+Return"),
    ("reject", "Reject and go on", "Ctrl+Shift+R"),
    ("create", "New segment from the selection", "Ctrl+Shift+N"),
    ("split", "Split at the cursor", "Ctrl+T"),
    ("merge", "Merge with the next segment", "Ctrl+M"),
    ("delete", "Delete the segment", "Ctrl+Shift+D"),
    ("start_earlier", "Start 5 ms earlier", "Alt+Left"),
    ("start_later", "Start 5 ms later", "Alt+Right"),
    ("stop_earlier", "End 5 ms earlier", "Alt+Shift+Left"),
    ("stop_later", "End 5 ms later", "Alt+Shift+Right"),
    ("move_earlier", "Move the segment 5 ms earlier", "Alt+Shift+Up"),
    ("move_later", "Move the segment 5 ms later", "Alt+Shift+Down"),
    ("snap", "Move both boundaries to the quietest place near", "Ctrl+G"),
    ("best", "This take is the best", "Ctrl+Shift+B"),
    ("aloud", "Answer aloud: careful speech or spoken translation", "F8"),
)
_TIERS = ("Type the transcription", "Type the IPA", "Type the translation", "Type the gloss", "Type a note")

DEEDS = (
    *(Deed(f"review.{name}", title, keys, page="review", needs="fieldbook") for name, title, keys in (*_LISTEN, *_GO)),
    *(Deed(f"review.tier{number}", title, f"Alt+{number}", page="review", needs="fieldbook") for number, title in enumerate(_TIERS, 1)),
    *(Deed(f"review.{name}", title, keys, page="review", needs="writable") for name, title, keys in _CHANGE),
)
