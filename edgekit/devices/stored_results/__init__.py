"""Comparing measurements that were kept: what `edgekit latency` and `compare` wrote with --json."""
