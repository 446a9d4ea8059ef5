"""The walks of measuring: latency, comparison, long runs, counts, profiles, phones."""
