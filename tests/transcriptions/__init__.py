"""Networks as other sources write them: their names, their order of operations, nothing shared.

Each is what the source's code computes, in few words, so that random weights under the source's
names say whether a key map lands every tensor where it belongs.
"""
