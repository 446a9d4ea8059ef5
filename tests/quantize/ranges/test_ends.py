"""What a network is given and what it answers keep their whole range."""

from __future__ import annotations

from edgekit.quantize import recipe
from tests.specimens import graphs, integers

GRAPH = integers.network(
    """
    net (float[1, 3, 12, 12] x) => (float[1, 5] y) {
      a = Conv <kernel_shape = [3, 3]> (x, w0)
      r = Relu (a)
      m = GlobalAveragePool (r)
      f = Flatten (m)
      y = Gemm <transB = 1> (f, w1)
    }
    """,
    w0=graphs.weights(8, 3, 3, 3, seed=1),
    w1=graphs.weights(5, 8, seed=2),
)


def test_images_brighter_than_the_typical_one_are_not_clipped() -> None:
    feeds = integers.noise(GRAPH, 120)  # three groups of as many values as an average takes
    feeds = [{"x": feed["x"] * (1 if n < 40 else 0.1)} for n, feed in enumerate(feeds)]
    found = {
        text: integers.drafted(GRAPH, feeds, recipe.parse(text)).encodings.activations
        for text in ("minmax", "moving-average")
    }
    whole, typical = found["minmax"], found["moving-average"]
    assert typical["x"] == whole["x"]
    assert typical["y"] == whole["y"]
    assert typical["r"].high < 0.9 * whole["r"].high  # what lies between is


def test_half_a_step_of_an_input_is_left_out_as_rounding_does() -> None:
    feeds = integers.noise(GRAPH, 120)
    largest = max(float(abs(feed["x"]).max()) for feed in feeds)
    for n in (0, 50, 100):
        feeds[n]["x"].flat[:2] = largest * (1 - n * 1e-5), -largest
    found = {
        text: integers.drafted(GRAPH, feeds, recipe.parse(text)).encodings.activations["x"]
        for text in ("minmax", "moving-average")
    }
    assert 0.998 < found["moving-average"].scale / found["minmax"].scale < 1
