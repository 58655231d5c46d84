"""What the asynchronous door reads instead of the database: facts in memory, replaced as a whole when something changed."""
