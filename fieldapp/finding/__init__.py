"""Finding: where store and speech meet to answer with sound and meaning. Words alone need only `store.search`."""
