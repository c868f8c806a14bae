"""Trouble planted on purpose: one story per breach and per pattern, and the lawful look-alike of each.

``table`` has them all; ``teller`` is who tells them.
"""
