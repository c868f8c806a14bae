"""Proofs of single records that need no database: from a log up to the genesis hash a reader pinned.

A proof holds the record's transaction and receipt with their paths in the block's two trees, the signed header, the
genesis block that names the first sealers, and each committed change of sealers between the two. docs/proofs.md
describes the format so that others can write a verifier.
"""

from ledger.proofs.form import FORMAT, Evidence, Inclusion, Proof
from ledger.proofs.prover import Prover
from ledger.proofs.verifier import ProofVerifier

__all__ = ["FORMAT", "Evidence", "Inclusion", "Proof", "ProofVerifier", "Prover"]
