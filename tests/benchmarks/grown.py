"""Stores of any number of certificates, made quickly: one batch of a market is committed, then copied over and over.

The first batch is what `Store.commit` makes of lawful records: invoices, receivables, certificates split to five
levels, financing, a plan of 2,000 assets, payments, collections, distributions, adjustments. A copy is the same rows
at later heights and dates under other ids, with plans of its own; ids are spread, so that what belongs together lies
apart in every index, as in a market. One plan is not copied but goes on: ``LONG``, through whose pool each batch passes
250 assets. What copies cannot have is a chain: they prove nothing and their digests are not computed.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Date, DateTime, String, text

from ledger.facts import FACTS, output_id
from ledger.store.engine import connect
from ledger.store.log import fill_log
from ledger.store.tables import BlockRow, DocumentRow, RecordRow
from tests.support.ledger_book import MEMBERS, Book, invoice, out, plan, receivable
from tests.support.plan_book import TERMS

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

BATCH = 5_000
"""Certificates of one batch."""
LOT = 50
"""Certificates that go through the same steps in the same blocks."""
ASSETS = 2_000
"""Assets of a batch's plan."""
LONG = "plan-long"
MARK, HASH_MARK = "~0000", "ba7cba7c"  # what a copy's ids and hashes differ in
LEVELS = (0,) * 5 + (1, 1, 2, 2, 5)
PARTNERS = {f"core-{n}": ["core_enterprise"] for n in range(40)} | {f"sup-{n}": ["supplier"] for n in range(200)}
BASE = 3  # the first height of the batch: members and the long plan come before
HEIGHT = 1 << 32  # of a position's number


class Market:
    """Writes lawful batches into a book; ``batch`` marks what they name, at most 9,999."""

    def __init__(self, book: Book, batch: int = 0) -> None:
        self.book = book
        self._random = random.Random(7 + batch)
        self._batch = batch
        self._steps: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        self._held: dict[str, tuple[str, str, int]] = {}
        self._debts: dict[str, tuple[str, str]] = {}
        self._serial = 0
        self.plan = f"plan-{MARK[:1]}{batch:04}"

    def admit(self) -> None:
        """The members and the long plan: blocks 1 and 2."""
        self.book.admit(MEMBERS | PARTNERS)
        self.book.say("manager", "plan.established", plan(LONG, maturity="2099-01-31"))
        self.book.seal()

    def write(self, certificates: int = BATCH, per_block: int = 1) -> None:
        """A batch of certificates, ``per_block`` lots to the step: some 300 records a block."""
        lots = [[self._name("rcv") for _ in range(LOT)] for _ in range(certificates // LOT)]
        for place, lot in enumerate(lots):
            kind = "long" if place % 5 == 2 and place < 40 else "pooled" if place % 5 < 2 else "own"
            self._steps[place // per_block] += [("established",)] if not place else []
            for step, after in (("invoiced", 0), ("issued", 1), ("passed", 3), ("financed", 5), ("assigned", 7)):
                self._steps[place // per_block + after].append((step, lot, kind))
            for step, after in (("paid", 12), ("adjusted", 14), ("repaid", 18), ("collected", 19), ("left", 21)):
                self._steps[place // per_block + after].append((step, lot, kind, place))
        for _, steps in sorted(self._steps.items()):
            for step, *given in steps:
                getattr(self, f"_{step}")(*given)
            self.book.time += timedelta(hours=6)
            self.book.seal()
        self._steps.clear()

    def _name(self, what: str) -> str:
        self._serial += 1
        spread = hashlib.sha256(f"{what} {self._batch} {self._serial}".encode()).hexdigest()[:8]
        return f"{what}-{spread}~{self._batch:04}"

    def _say(self, sender: str, kind: str, payload: dict[str, Any]) -> str:
        self._serial += 1
        spread = hashlib.sha256(f"{self._batch} {self._serial}".encode()).digest()[:26]
        marked = spread + bytes.fromhex(HASH_MARK) + self._batch.to_bytes(2)
        self.book.say(sender, kind, payload, transaction_hash=marked)
        return f"0x{marked.hex()}"

    @property
    def _today(self) -> str:
        return str((self.book.time + timedelta(hours=14, minutes=1)).date())  # six on, and eight to China

    def _established(self) -> None:
        later = plan(self.plan, cutoff=self._today, closing=self._today, maturity="2099-01-31")
        for tranche in later["tranches"]:
            tranche["maturity"] = "2099-01-31"
        self._say("manager", "plan.established", later | {"terms": TERMS})

    def _invoiced(self, lot: list[str], kind: str) -> None:
        for name in lot:
            seller = f"sup-{self._random.randrange(200)}"
            debtor = f"core-{min(int(self._random.paretovariate(0.8)), 40) - 1}"
            self._debts[name] = (seller, debtor)
            amount = 100_000 + self._random.randrange(10_000_000)
            number = f"{int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10**16:016}{self._batch:04}"
            issued = {"issued": self._today, "seller": seller, "buyer": debtor, "number": number}
            sums = {"amount_excluding_tax": amount, "tax": 0, "amount_including_tax": amount}
            bill = invoice(name.replace("rcv", "inv"), **issued, **sums)
            self._say(seller, "invoice.registered", bill)
            told = {"verifier": "verifier", "result": "consistent", "tax_authority_amount": amount}
            told["checked_at"] = f"{self._today}T00:00:00Z"
            self._say("verifier", "invoice.verified", {"invoice": bill["invoice"], **told})
            self._held[name] = ("", "", amount)

    def _issued(self, lot: list[str], kind: str) -> None:
        for name in lot:
            creditor, debtor = self._debts[name]
            amount = self._held[name][2]
            due = str(date.fromisoformat(self._today) + timedelta(days=20 + self._random.randrange(160)))
            parties = {"creditor": creditor, "debtor": debtor, "amount": amount, "due": due}
            self._say(creditor, "receivable.registered", receivable(name, name.replace("rcv", "inv"), **parties))
            confirmed = {"receivable": name, "by": debtor, "method": "signature"}
            self._say(debtor, "receivable.confirmed", confirmed)
            issue = {"certificate": name.replace("rcv", "cert"), "receivable": name, "issuer": debtor}
            hash_ = self._say(debtor, "certificate.issued", issue | {"outputs": [out(amount, creditor, due=due)]})
            self._held[name] = (output_id(hash_, 0), creditor, amount)
            self._debts[name] = (due, debtor)

    def _passed(self, lot: list[str], kind: str) -> None:
        """Split, proposed and signed in, down to five levels; what is split off stays where it is."""
        for name in lot:
            due = self._debts[name][0]
            for _ in range(self._random.choice(LEVELS)):
                held, owner, amount = self._held[name]
                least = amount // 10
                pieces = [out(amount - least, owner, due=due), out(least, owner, due=due)]
                piece = output_id(self._say(owner, "certificate.split", {"inputs": [held], "outputs": pieces}), 0)
                taker = f"sup-{self._random.randrange(200)}"
                taker = "tier2" if taker == owner else taker
                middle = {"inputs": [piece], "outputs": [out(amount - least, owner, taker, due=due)]}
                waiting = output_id(self._say(owner, "certificate.transfer_proposed", middle), 0)
                signed = {"inputs": [waiting], "outputs": [out(amount - least, taker, due=due)], "by": taker}
                self._held[name] = (
                    output_id(self._say(taker, "certificate.signed_in", signed), 0), taker, amount - least,
                )  # fmt: skip

    def _financed(self, lot: list[str], kind: str) -> None:
        for name in lot:
            held, owner, amount = self._held[name]
            if kind == "own" and self._random.random() < 0.5:
                continue
            financier = "bank" if kind == "own" else "factor"
            payload = {"inputs": [held], "outputs": [out(amount, financier, due=self._debts[name][0])]}
            terms = {"financier": financier, "form": "factoring", "price": amount - 500, "rate": "0.0525"}
            self._held[name] = (
                output_id(self._say(owner, "certificate.financed", payload | terms), 0), financier, amount,
            )  # fmt: skip

    def _assigned(self, lot: list[str], kind: str) -> None:
        if kind != "own":
            assets = [{"asset": name, "outputs": [self._held[name][0]]} for name in lot]
            price = sum(self._held[name][2] for name in lot)
            into = {"plan": LONG if kind == "long" else self.plan, "date": self._today, "assignor": "factor"}
            self._say("factor", "pool.assigned", into | {"price": price, "assets": assets})

    def _paid(self, lot: list[str], kind: str, place: int) -> None:
        self._pay(lot, kind, 60, "p")

    def _repaid(self, lot: list[str], kind: str, place: int) -> None:
        if place % 7 < 5:
            self._pay(lot, kind, 40, "q")

    def _pay(self, lot: list[str], kind: str, percent: int, what: str) -> None:
        for name in lot:
            output, owner, amount = self._held[name]
            part = amount * percent // 100 - (100 if what == "q" else 0)  # what adjustments took off is not paid
            settles = {"target": "output" if kind == "own" else "receivable", "id": output if kind == "own" else name}
            payload = {
                "payment": name.replace("rcv", what), "payer": self._debts[name][1],
                "payee": owner if kind == "own" else "servicer", "amount": part, "date": self._today,
                "bank_reference": "b", "settles": [settles | {"amount": part}],
            }  # fmt: skip
            self._say("bank", "payment.recorded", payload)

    def _adjusted(self, lot: list[str], kind: str, place: int) -> None:
        for name in lot[:3]:
            change = {"receivable": name, "delta": -100, "reason": "return", "at": self._today}
            self._say("gateway", "receivable.adjusted", change)

    def _collected(self, lot: list[str], kind: str, place: int) -> None:
        """What was paid first is collected and passed on, and a part of it distributed, a period each five lots."""
        if kind != "pooled":
            return
        items = [
            {"payment": name.replace("rcv", "p"), "asset": name, "amount": self._held[name][2] * 60 // 100}
            for name in lot
        ]
        amount = sum(item["amount"] for item in items)
        on = {"plan": self.plan, "date": self._today}
        collection = self._name("col")
        self._say("servicer", "collection.received", on | {"collection": collection, "amount": amount, "items": items})
        passed = {"remittance": self._name("rem"), "amount": amount, "collections": [collection]}
        self._say("servicer", "collection.remitted", on | passed)
        if place % 5 == 0:
            for tranche, principal in (("A", 900), ("B", 0)):
                paid = {"distribution": self._name("dis"), "tranche": tranche, "period": place // 5 + 1}
                self._say("custodian", "distribution.made", on | paid | {"principal": principal, "interest": 10})

    def _left(self, lot: list[str], kind: str, place: int) -> None:
        if kind == "long" and place < 25:
            gone = {"plan": LONG, "date": self._today, "reason": "settled", "assets": lot}
            self._say("servicer", "pool.removed", gone)


class Grower:
    """Copies the first batch of a store until it holds as many certificates as wanted."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"
        self._tables: list[Table] = [
            *(table.__table__ for table in FACTS),
            RecordRow.__table__,  # type: ignore[attr-defined]
        ]
        block = BlockRow.__table__  # type: ignore[attr-defined]
        rows = connection.execute(block.select().where(block.c.height >= BASE).order_by(block.c.height))
        self._blocks: list[dict[str, Any]] = [dict(row) for row in rows.mappings()]
        self._copies: list[tuple[Table, str]] = []

    def grow(self, batches: int) -> None:
        """Copy the first batch ``batches - 1`` times, the indexes made again afterwards, and the log of blocks."""
        indexes = [index for table in self._tables for index in table.indexes]
        for index in indexes:
            index.drop(self._connection)
        for table in self._tables:
            self._prepare(table)
        for batch in range(1, batches):
            self._copy(batch)
            self._connection.commit()
        for index in indexes:
            index.create(self._connection)
        fill_log(self._connection)
        self._connection.commit()

    def _run(self, statement: str, **given: Any) -> Any:
        return self._connection.execute(text(statement), given)

    def _prepare(self, table: Table) -> None:
        """Keep the first batch's rows of a table aside, and work out what a copy's columns are."""
        name, columns = table.name, table.columns
        place = "position" if name == "record" else "from_position"
        self._run(f'CREATE TEMP TABLE "first_{name}" AS SELECT * FROM "{name}" WHERE {place} >= {BASE * HEIGHT}')
        if not self._run(f'SELECT count(*) FROM "first_{name}"').scalar():
            return
        given = ", ".join(f'"{column.name}"' for column in columns)
        made = ", ".join(self._copied(table, column) for column in columns)
        only = f" WHERE plan <> '{LONG}' OR to_height IS NOT NULL" if name == "pool_asset" else ""
        self._copies.append((table, f'INSERT INTO "{name}" ({given}) SELECT {made} FROM "first_{name}"{only}'))

    def _copied(self, table: Table, column: Any) -> str:
        name = f'"{column.name}"'
        if column.name in ("from_height", "to_height"):
            return f"{name} + :heights"
        if column.name in ("from_position", "to_position", "position"):
            return f"{name} + :heights * {HEIGHT}"
        if column.name == "transaction_hash":
            return (
                f"CAST(substr({name}, 1, 30) || :digest AS BLOB)"
                if self._sqlite
                else f"substr({name}, 1, 30) || :digest"
            )
        if isinstance(column.type, Date):
            return f"date({name}, '+' || :days || ' days')" if self._sqlite else f"{name} + CAST(:days AS integer)"
        if not isinstance(column.type, String | JSON) or isinstance(column.type, DateTime):
            return name
        plain = name if self._sqlite or not isinstance(column.type, JSON) else f"{name}::text"
        if column.name == "number":
            return f"substr({plain}, 1, 16) || :batch"
        if (
            column.name == "id"
            and self._run(f"SELECT 1 FROM \"first_{table.name}\" WHERE id LIKE '%/%' AND id NOT LIKE '%~%'").first()
        ):
            return f"CAST(from_height + :heights AS text) || substr({name}, length(CAST(from_height AS text)) + 1)"
        marked = f'SELECT max({plain} LIKE :m1), max({plain} LIKE :m2) FROM "first_{table.name}"'
        if not self._sqlite:
            marked = marked.replace("max(", "bool_or(")
        ids, hashes = self._run(marked, m1=f"%{MARK}%", m2=f"%{HASH_MARK}0000%").one()
        made = plain
        if ids:
            made = f"replace({made}, '{MARK}', '~' || :batch)"
        if hashes:
            made = f"replace({made}, '{HASH_MARK}0000', '{HASH_MARK}' || :hex)"
        return made if made == name or plain == name else f"({made})::json"

    def _copy(self, batch: int) -> None:
        heights = batch * len(self._blocks)
        days = batch * (len(self._blocks) // 4 + 1)
        given = {
            "heights": heights, "days": days, "batch": f"{batch:04}", "hex": f"{batch:04x}",
            "digest": batch.to_bytes(2),
        }  # fmt: skip
        for _, statement in self._copies:
            used = {name: value for name, value in given.items() if f":{name}" in statement}
            self._run(statement, **used)
        blocks, before = [], self._hash(heights + BASE - 1)
        for row in self._blocks:
            height = row["height"] + heights
            moved = {"height": height, "hash": self._hash(height), "parent_hash": before}
            blocks.append(row | moved | {"timestamp": row["timestamp"] + days * 86_400_000})
            before = moved["hash"]
        self._connection.execute(BlockRow.__table__.insert(), blocks)  # type: ignore[attr-defined]
        documents = [{"height": row["height"], "content": b"", "digest": None} for row in blocks]
        self._connection.execute(DocumentRow.__table__.insert(), documents)  # type: ignore[attr-defined]

    def _hash(self, height: int) -> bytes:
        return hashlib.sha256(f"block {height}".encode()).digest()


def begin(location: Path | str) -> None:
    """Make a store of one batch where there is nothing yet."""
    book = Book(location)
    market = Market(book)
    market.admit()
    market.write()
    assert book.found == [], "the benchmark's market is lawful"
    book.store.close()


def grow(location: Path | str, certificates: int) -> None:
    """Let a store of one batch hold so many certificates, a multiple of the batch."""
    engine = connect(location, create=False)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            driver: Any = connection.connection.driver_connection
            for pragma in ("synchronous = OFF", "cache_size = -2097152"):
                driver.execute(f"PRAGMA {pragma}")
        Grower(connection).grow(certificates // BATCH)
        if connection.dialect.name == "sqlite":
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.invalidate()  # what was set for it shall not outlive it
        else:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()
