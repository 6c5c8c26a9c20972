"""Speech models on disk: fetched, checked, converted, cut, listed and removed. Nothing is loaded here but in a child process."""
