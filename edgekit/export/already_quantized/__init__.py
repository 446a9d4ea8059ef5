"""Networks that are quantized already: files with their integers and scales as they are."""
