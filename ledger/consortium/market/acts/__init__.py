"""What members do, as verbs: each writes the record of one act, as its lawful writer, and returns what it made.

Scenarios, the market and its planted troubles all speak with these; a breach is an act with one argument wrong.
"""
