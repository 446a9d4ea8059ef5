"""One table of the trade-off: what networks cost, and how right they are."""
