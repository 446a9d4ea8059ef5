"""What makes a result doubtful and what to do about it: rules on facts, which know no report."""
