"""A replica that followed a small consortium to its end, and a signer: what the tests of disclosure share."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from disclosure.publish import publish_distribution
from disclosure.signing import make_local_authority
from ledger.consortium import generate_sample, import_receivables
from ledger.consortium.mapping import packaged_map
from ledger.replica import join, sync
from ledger.sources import open_source
from ledger.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from disclosure.package import Written
    from disclosure.signing import LocalAuthority

MADE_AT = datetime(2025, 11, 3, 2, 30, tzinfo=UTC)
RECEIVABLES = 60


@pytest.fixture(scope="session")
def replica_plan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """The store of a replica that verified every block, and the plan on its ledger."""
    folder = tmp_path_factory.mktemp("consortium")
    (folder / "sample.csv").write_bytes(generate_sample(3, RECEIVABLES))
    summary = import_receivables(folder / "sample.csv", packaged_map("demo"), folder / "archive", seed=3)
    source = open_source(folder / "archive")
    with Store.create(folder / "ledger.db") as store:
        join(
            store,
            source,
            genesis_hash=bytes.fromhex(summary.genesis_hash.removeprefix("0x")),
            contracts=(bytes.fromhex(summary.contract.removeprefix("0x")),),
        )
        sync(store, source, evidence=folder / "evidence")
        source.close()
        yield store, summary.plan


@pytest.fixture(scope="session")
def replica(replica_plan: tuple[Store, str]) -> Store:
    return replica_plan[0]


@pytest.fixture(scope="session")
def plan(replica_plan: tuple[Store, str]) -> str:
    return replica_plan[1]


@pytest.fixture(scope="session")
def local_authority(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    folder = tmp_path_factory.mktemp("keys") / "signer"
    return make_local_authority(folder, name="示范管理人", at=MADE_AT, random=random.Random(5).randbytes)


@pytest.fixture(scope="session")
def published(
    replica: Store, plan: str, local_authority: LocalAuthority, tmp_path_factory: pytest.TempPathFactory
) -> Written:
    """A real package of the latest distribution. Tests copy it before they change it."""
    folder: Path = tmp_path_factory.mktemp("packages") / "report"
    return publish_distribution(replica, plan, folder=folder, signer=local_authority.signer(), clock=lambda: MADE_AT)
