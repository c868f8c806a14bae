"""What the tests of the securitisation package share."""

from __future__ import annotations

import csv
import os
from datetime import date, datetime
from pathlib import Path

import pytest

from abs.frame import PoolFrame
from abs.money import parse_yuan
from tests.support.pool_frames import asset, frame

ORACLE = Path(__file__).resolve().parents[3] / "shared" / "data"


def oracle_file(name: str) -> Path:
    """The published data file; skips where the checkout has none beside it, fails instead where CI=true."""
    path = ORACLE / name
    if not path.exists():
        reason = f"{name} is not beside this checkout"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def _day(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007 - a calendar day has no zone


@pytest.fixture(scope="session")
def absbox_response() -> Path:
    return oracle_file("abs/absbox_test01/response.json")


@pytest.fixture(scope="session")
def actus_pam() -> Path:
    return oracle_file("abs/actus/actus-tests-pam.json")


@pytest.fixture(scope="session")
def ibm() -> PoolFrame:
    """The published receivables ledger as a pool: every invoice paid in full on the day it was settled."""
    assets = []
    with oracle_file("receivables/ibm_accounts_receivable.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            amount = parse_yuan(row["InvoiceAmount"])
            issued = _day(row["InvoiceDate"])
            assets.append(
                asset(
                    row["invoiceNumber"],
                    amount,
                    issued,
                    _day(row["DueDate"]),
                    creditor="seller",
                    debtor=row["customerID"],
                    disputed=row["Disputed"] == "Yes",
                    changes=[(_day(row["SettledDate"]), -amount)],
                )
            )
    return frame(assets, height=5)
