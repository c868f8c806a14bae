"""What the ledger booked of a plan's cash: its records in order, the periods they make, the state they leave."""
