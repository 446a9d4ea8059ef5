"""What is generated of claims: the list of all, and the page of a run."""
