"""Sound in and out: the recorder process, files, playback; imports neither Qt, the models nor the store."""
