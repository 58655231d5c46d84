"""Django's settings and the map of pages. Owns no tables and no rules; names features, in order."""
