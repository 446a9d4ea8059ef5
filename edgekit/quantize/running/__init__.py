"""Running a graph of ours in this process: whole, in segments, simulated, observed."""
