"""Evidence packs (证据包): findings to take away, with the proof of every record they rest on, in a signed package.

:func:`export` makes one; :func:`kind` tells :func:`disclosure.verify.judge_package` how one is judged. docs/cases.md
describes what is in it.
"""

from regulator.evidence_pack.export import export, of_case, of_findings
from regulator.evidence_pack.form import DATA, KIND, Held, Pack, Record
from regulator.evidence_pack.judge import kind

__all__ = ["DATA", "KIND", "Held", "Pack", "Record", "export", "kind", "of_case", "of_findings"]
