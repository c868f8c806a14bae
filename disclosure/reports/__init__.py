"""The kinds of report: what each one says, as values that any renderer can show."""
