"""Whole archives: plans, local runs and clusters."""
