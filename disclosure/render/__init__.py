"""Renderings of a report: for people (HTML), for recalculation (XLSX), for programs (JSON). All are pure functions."""
