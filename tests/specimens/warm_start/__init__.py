"""The children of edgekit, forked from a process that has imported what they import.

A child that reads a file or runs a model computes for some milliseconds, after importing for a
second. Here the importing is done once for all tests of a process. Each child is still a process of
its own, in its own session and under its own limits, and runs the program that it is given from the
first line. The tests of the worker, of hostile files, of devices and of targets start theirs as
users do, but those that are about what files then say: `children_start_warm`.
"""

from tests.specimens.warm_start.children import WarmStart

__all__ = ["WarmStart"]
