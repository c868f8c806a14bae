"""What a person sees: pages, plots and tables over the facts of one height."""
