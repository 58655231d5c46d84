"""Tables as values: columns, plans, what is wrong with a plan, a plan in sentences. Pure; computes nothing."""
