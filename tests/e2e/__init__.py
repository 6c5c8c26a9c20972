"""End-to-end tests drive whole processes; the helpers here are imported as `e2e.virtual_mic` and so on."""
