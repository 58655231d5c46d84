"""The composition root: builds the gate and its ports from features and adapters, for server and command line."""
