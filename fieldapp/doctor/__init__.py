"""What this machine has, what it lacks, and how to get it; composed by `fieldapp doctor` and the window's start page."""
