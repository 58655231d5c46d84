"""The pages of this feature: home and lists, starters, about, versions, settings, sharing, reviews."""
