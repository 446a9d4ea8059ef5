"""The study: sweeps, tables and pages."""
