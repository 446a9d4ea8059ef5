"""Tables of every command: columns that know what may happen to them, and how they are written."""
