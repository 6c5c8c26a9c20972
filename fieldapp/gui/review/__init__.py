"""What the review page works with, apart from its widgets: lines of a recording, its sound, edits, typing, playing, pace."""
