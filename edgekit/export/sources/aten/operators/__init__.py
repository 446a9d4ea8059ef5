"""One function an ATen operator, in files by kind; ``aten.table`` says which is whose."""
