"""What the chain says, and why it may be believed."""
