"""The window; the only package besides app.py that knows Qt."""
