"""The parts of a bundle beside its model files, one file each."""
