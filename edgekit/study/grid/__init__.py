"""What is to be measured: the grid in writing, and its points."""
