"""What is published about a plan, and how it is signed and filed."""
