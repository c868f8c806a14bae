"""The store: verified blocks, their bytes, records, facts and findings, committed together and read as of a height."""

from ledger.store.questions import Narrowed, Prepared
from ledger.store.reading import AsOf
from ledger.store.store import Head, Store
from ledger.store.tables import BlockRow, RecordRow

__all__ = ["AsOf", "BlockRow", "Head", "Narrowed", "Prepared", "RecordRow", "Store"]
