"""The app spec (DESIGN §6): an app is data, a closed set of typed steps. No expressions, no code, no URLs."""
