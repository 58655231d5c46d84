"""Where a master key can live: a file, a setting, or a Vault that never gives it away."""
