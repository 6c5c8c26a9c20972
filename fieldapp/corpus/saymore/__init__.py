"""SayMore and lameta project folders: their XML files edited in place, so that what we do not know survives."""
