"""The library's docstrings for Sphinx's autodoc, which reads reST: they are prose, with code in single backticks.

A name in backticks becomes a link where the reference has an entry for it. Shapes are written Float[b, c, h, w].
"""

import re

from sphinx.application import Sphinx

CODE_OR_MARK = re.compile(r"(`+)(.+?)\1|[\\*_|]", re.DOTALL)
BLOCK = re.compile(r"(?<=\n\n)(?: {4}.*\n?)+")
SHAPED = re.compile(r"~?jaxtyping\.(\w+)\[(\w+), '(.*?)'\]")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", rewrite)
    app.connect("autodoc-process-signature", shorten)
    return {"parallel_read_safe": True}


def rewrite(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:
    """A docstring's lines as reST, in place; a constant of one number or word begins with its value."""
    lines[:] = as_rest("\n".join(lines)).split("\n")
    if what == "data" and isinstance(item, (int, float, str)):
        lines[:0] = [f"``{item!r}``", ""]


def shorten(
    app: Sphinx, what: str, name: str, item: object, options: object, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """A signature whose shapes can be read."""
    return signature and readable(signature), returned and readable(returned)


def as_rest(prose: str) -> str:
    """Prose without a meaning for stars, bars and underscores; its indented paragraphs are code."""
    pieces, end = [], 0
    for block in BLOCK.finditer(prose):
        pieces += [CODE_OR_MARK.sub(_escaped, prose[end : block.start()]), "::\n\n", block[0]]
        end = block.end()
    return "".join([*pieces, CODE_OR_MARK.sub(_escaped, prose[end:])])


def _escaped(match: re.Match) -> str:
    code = match[2]
    if code is None:
        return "\\" + match[0]
    return f":py:obj:`{code}`" if re.fullmatch(r"[\w.]+", code) else f"``{code}``"


def readable(signature: str) -> str:
    """`signature` with Float[b, c, h, w] for a tensor of that shape and Float[ndarray, h, w] for an array."""
    return SHAPED.sub(_shape, signature)


def _shape(match: re.Match) -> str:
    kind, container, shape = match.groups()
    sides = ", ".join("..." if side[0] == "*" else side for side in shape.split()) or "()"
    return f"{kind}[{sides}]" if container == "Tensor" else f"{kind}[{container}, {sides}]"
