"""Experiments on the user's own recordings and models that become theirs."""
