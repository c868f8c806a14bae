"""What is checked from above the chain, and what was found."""
