"""What commands share: loading, options, output."""
