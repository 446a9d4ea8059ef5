"""Are two files alike, and does one answer alike on every processor?"""
