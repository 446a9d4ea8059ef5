"""ONNX straight from torch.export's ATen program, for the operators that mobile CNNs are made of.

torch's own exporter retraces the program, translates it through onnxscript's library and looks
every operator up by signature; for the operators in ``table`` one function each says the same.
Whatever stands outside the table goes through torch's exporter, see ``torch_graph``. Names of
nodes and values are those that torch's exporter gives: they enter the files, and encodings
refer to them.
"""
