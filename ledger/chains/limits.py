"""Step 0 of the procedure: what a block of any chain may cost. The nodes' own defaults leave much room below these."""

MAX_BLOCK_BYTES = 256 * 1024 * 1024
MAX_TRANSACTIONS = 50_000  # a block; the nodes' default is 1,000
MAX_LOGS = 10_000  # a receipt
MAX_TOPICS = 4
MAX_SEALERS = 1_000
MAX_PARENTS = 8
MAX_EXTRA = 1_000  # entries of a header's extraData, where that is a list
