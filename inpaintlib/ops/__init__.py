"""The papers' equations, one idea a file."""

from inpaintlib.ops.adaptive import adaptive_filter

__all__ = ["adaptive_filter"]
