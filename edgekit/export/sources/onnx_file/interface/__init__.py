"""What goes into a file and what comes out: types, sizes, values, and where it ends."""
