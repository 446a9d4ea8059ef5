"""What the conversions share."""

from __future__ import annotations


class UnconvertibleError(Exception):
    """A form of an operator that the newer opset cannot say; the message is the reason."""
