"""What a securitisation is: its pools, terms, figures and the order in which cash is paid."""
