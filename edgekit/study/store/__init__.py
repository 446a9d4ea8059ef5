"""What was measured: one SQLite file to which rows are added."""
