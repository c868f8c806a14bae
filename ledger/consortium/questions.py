"""The questions a node answers from an archive, with the shapes of FISCO BCOS 3."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ledger.chains import fisco3

if TYPE_CHECKING:
    from ledger.chains.shape import Genesis
    from ledger.consortium.shelf import Shelf

__all__ = ["INVALID_PARAMS", "METHODS", "Questions", "Refusal"]

INVALID_PARAMS = -32602  # JSON-RPC 2.0, section 5.1

Json = Any


class Refusal(Exception):
    """A JSON-RPC error answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Questions:
    """What the archive answers, as a node prints it. Raises Refusal, Unknown and the archive's own errors."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._genesis: Genesis | None = None

    async def genesis(self) -> Genesis:
        """Return what block 0 fixes: the names of chain and group, the first sealers."""
        if self._genesis is None:
            self._genesis = fisco3.genesis(fisco3.parse_header((await self._shelf.block(0)).block))
        return self._genesis

    async def block_number(self, _node: str) -> Json:
        """Return the highest height."""
        return await self._shelf.head()

    async def block_by_number(self, _node: str, number: int, only_header: bool, only_hashes: bool) -> Json:
        """Return a block, without its transactions or with their hashes alone when asked so."""
        kept = await self._shelf.block(number)
        if only_header:
            return {name: value for name, value in kept.block.items() if name != "transactions"}
        if only_hashes:
            return {**kept.block, "transactions": kept.hashes}
        return kept.block

    async def receipt(self, _node: str, transaction: str, proof: bool) -> Json:
        """Return a transaction's receipt; raises Refusal when its proof is asked for too."""
        if proof:
            raise Refusal(INVALID_PARAMS, "An archive keeps no proofs: ask without")
        return await self._shelf.receipt(transaction)

    async def sealers(self, _node: str = "") -> list[dict[str, Json]]:
        """Return the sealers of the last block; of a chain without one, those that block 0 names."""
        block = (await self._shelf.block(await self._shelf.head())).block
        if block["number"] == 0:
            return [{"nodeID": sealer.key.hex(), "weight": sealer.weight} for sealer in (await self.genesis()).sealers]
        header = fisco3.parse_header(block)
        return [{"nodeID": sealer.key.hex(), "weight": sealer.weight} for sealer in header.sealers]

    async def observers(self, _node: str) -> Json:
        """Return no observer: an archive is watched by nobody."""
        return []

    async def peers(self) -> Json:
        """Return the sealers' node ids."""
        return [sealer["nodeID"] for sealer in await self.sealers()]

    async def group_info(self) -> Json:
        """Return what a node knows of its group."""
        genesis, sealers = await self.genesis(), await self.sealers()
        node = {"chainID": genesis.chain, "groupID": genesis.group, "smCryptoType": genesis.suite == "sm"}
        return {
            "chainID": genesis.chain,
            "genesisConfig": _text({"consensusType": "pbft", "sealerList": sealers}),
            "groupID": genesis.group,
            "iniConfig": "",
            "nodeList": [
                {
                    "iniConfig": _text({**node, "nodeID": sealer["nodeID"], "nodeName": sealer["nodeID"]}),
                    "microService": False,
                    "name": sealer["nodeID"],
                    "nodeID": sealer["nodeID"],
                    "serviceInfo": [],
                    "type": int(genesis.suite == "sm"),
                }
                for sealer in sealers
            ],
        }

    async def sync_status(self, _node: str) -> Json:
        """Return the state of a node that is at the head, as text."""
        head, sealers = await self._shelf.head(), await self.sealers()
        first, latest = [str((await self._shelf.block(at)).block["hash"]).removeprefix("0x") for at in (0, head)]
        state = {"blockNumber": head, "genesisHash": first, "latestHash": latest}
        return _text(
            {
                **state,
                "isSyncing": False,
                "knownHighestNumber": head,
                "knownLatestHash": latest,
                "nodeID": sealers[0]["nodeID"],
                "peers": [{**state, "nodeID": sealer["nodeID"]} for sealer in sealers[1:]],
                "protocolID": 2000,
                "txPoolSize": "0",
            }
        )


# Each method with the kinds of the parameters it must be given: the group, then the node but for the last two.
METHODS: dict[str, tuple[Callable[..., Awaitable[Json]], tuple[type, ...]]] = {
    "getBlockNumber": (Questions.block_number, (str, str)),
    "getBlockByNumber": (Questions.block_by_number, (str, str, int, bool, bool)),
    "getTransactionReceipt": (Questions.receipt, (str, str, str, bool)),
    "getSealerList": (Questions.sealers, (str, str)),
    "getObserverList": (Questions.observers, (str, str)),
    "getSyncStatus": (Questions.sync_status, (str, str)),
    "getGroupPeers": (Questions.peers, (str,)),
    "getGroupInfo": (Questions.group_info, (str,)),
}


def _text(value: Json) -> str:
    """Return JSON within JSON, as a node nests its configuration and status."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n"
