"""The samples that a network is calibrated with."""
