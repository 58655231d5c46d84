"""The gate: the one governed path (DESIGN §5). Every effect passes eight stages, in this order:

identify → authorise → limit → screen in → perform → screen out → meter → record

Invariant: stages are functions over values; only *perform* and *record* touch the world, through ports. It
fails closed: whatever cannot be decided is refused, whatever cannot be recorded is not released.
"""
