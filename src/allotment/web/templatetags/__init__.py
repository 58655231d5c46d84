"""Template tags of the design system; a built-in library, so templates need not load it."""
