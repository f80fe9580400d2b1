"""A market on loopback that speaks the providers' URL paths and wire formats, traps included.

Shares no code with the rest of the project, or their faults would cancel out.
"""
