"""One file to be, what it must answer, and what it does answer."""
