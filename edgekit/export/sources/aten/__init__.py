"""ONNX straight from the ATen operators that a module calls, for those of mobile CNNs.

torch's own exporter traces the module twice, translates it through onnxscript's library and looks
every operator up by signature; for the operators in ``table`` one function each says the same.
Whatever stands outside the table goes through torch's exporter, see ``torch_graph``. Names of
nodes and values are those that torch's exporter gives: they enter the files, and encodings
refer to them.
"""
