"""What the asynchronous door reads instead of the database: facts in memory, replaced as a whole on each change."""
