"""The pages of people: the list and one person, spaces, one's own account, and setting it up."""
