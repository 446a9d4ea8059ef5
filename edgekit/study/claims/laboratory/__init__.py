"""What experiments are made of: files of networks, and what they cost beside each other."""
