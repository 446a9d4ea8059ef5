"""Pure functions of samples, without a clock."""
