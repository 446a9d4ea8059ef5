"""The canonical graph: its nodes, what its operators are, and what can be known of its values."""
