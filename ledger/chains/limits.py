"""Step 0 of the procedure: what a block of any chain may cost. The nodes' own defaults leave much room below these."""

MAX_BLOCK_BYTES = 256 * 1024 * 1024
MAX_TRANSACTIONS = 50_000  # a block; the nodes' default is 1,000
MAX_LOGS = 10_000  # a receipt
MAX_TOPICS = 4
MAX_SEALERS = 1_000
MAX_PARENTS = 8
MAX_EXTRA = 1_000  # entries of a header's extraData, where that is a list

# Bytes of a document beside what the hashes cover: fields nothing covers, wrappers, spaces. Whoever hands a block on
# can put anything there, and it is stored as received. Nodes print some hundred bytes a transaction.
MAX_UNCOVERED = 64 * 1024  # a block; indented, the longest list of sealers takes a quarter of it
MAX_UNCOVERED_TRANSACTION = 4 * 1024  # more for each, with its receipt: about what one takes that records a receivable
MAX_UNREAD_TRANSACTION = 512 * 1024  # more for each of a kind whose hash is not checked: 128 KiB is what nodes of
# Ethereum pass on at the most, here twice in hex, in the body and in its receipt
