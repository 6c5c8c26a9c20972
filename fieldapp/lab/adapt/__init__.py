"""Models that become the person's own: a meaning head, a recogniser, and the honest measurement that says whether to use them."""
