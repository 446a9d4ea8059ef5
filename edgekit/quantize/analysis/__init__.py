"""What quantization costs: by layer, by tensor, in pictures."""
