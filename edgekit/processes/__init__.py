"""Child processes: models run in them, so that a crash of a runtime is only an error message."""
