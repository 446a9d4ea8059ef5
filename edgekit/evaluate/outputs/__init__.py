"""Judge what is no vector of class scores: any outputs, of any inputs, beside another file's."""
