"""What was measured: raw samples, derived statistics, and what makes them doubtful."""
