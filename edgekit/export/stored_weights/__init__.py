"""Large weights stay in files: what a graph holds of them is where they lie."""
