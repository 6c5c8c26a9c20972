"""The recipe of the bundled starter model: a parallel world, voices, training, export, evaluation. From nothing to the shipped folder."""
