"""Parts of pages: drawing and input, no knowledge of the store or of other pages."""
