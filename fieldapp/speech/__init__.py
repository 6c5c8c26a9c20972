"""Speech engine: voice activity, encoder, transcription, vectors; knows neither the store nor the window."""
