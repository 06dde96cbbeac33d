"""The library's docstrings for Sphinx's autodoc, which reads reST: they are prose, with code in single backticks.

A name in backticks becomes a link where the reference has an entry for it, and what is said of an argument begins with
its name as code. Shapes are written Float[b, c, h, w].
"""

import inspect
import re

from docutils.nodes import Element, Text, document, paragraph, reference
from sphinx.addnodes import desc_annotation, pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

CODE_OR_MARK = r"(?P<ticks>`+)(?P<code>.+?)(?P=ticks)|(?P<mark>[\\*_|])"
BLOCK = re.compile(r"(?<=\n\n)(?: {4}.*\n?)+")
SHAPED = re.compile(r"~?(?:jaxtyping\.)?\b(\w+)\[~?(?:numpy\.|torch\.)?(Tensor|ndarray), '(.*?)'\]")
OBJECT = re.compile(r"<(?:factory|function (\w+))>")
"""Defaults of a dataclass as Python prints them, which no parser reads."""
SHORT = 60
"""Characters of a constant that is shown whole."""
OF_A_CLASS = {"attribute", "method", "property"}


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", rewrite)
    app.connect("autodoc-process-signature", shorten)
    app.connect("doctree-resolved", shorten_types)
    app.connect("missing-reference", find)
    return {"parallel_read_safe": True}


def rewrite(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:
    """A docstring's lines as reST, in place; a short constant begins with its value, a tuple's field has none."""
    if lines and lines[0].startswith("Alias for field number"):
        lines.clear()
    lines[:] = as_rest("\n".join(lines), arguments(item)).split("\n")
    if what == "data" and isinstance(item, int | float | str | tuple) and len(repr(item)) <= SHORT:
        lines[:0] = [f"``{item!r}``", ""]


def shorten(
    app: Sphinx, what: str, name: str, item: object, options: object, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """A signature whose shapes can be read."""
    return signature and readable(signature), returned and readable(returned)


def shorten_types(app: Sphinx, page: document, name: str) -> None:
    """The same for types of attributes and for other names of types, of which autodoc does not ask."""
    for node in [*page.findall(desc_annotation), *page.findall(paragraph)]:
        said = node.astext()
        if (isinstance(node, desc_annotation) or said.startswith("alias of ")) and readable(said) != said:
            node.children = []
            node += Text(readable(said))


def find(app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: Element) -> reference | None:
    """A link to the entry of a name in backticks that Sphinx does not find by itself, else None."""
    entries = env.get_domain("py").objects
    kinds = {name: entry.objtype for name, entry in entries.items() if not entry.aliased}
    name = full_name(node["reftarget"], kinds) if node.get("reftype") == "obj" else None
    if name is None:
        return None
    return make_refnode(app.builder, node["refdoc"], entries[name].docname, entries[name].node_id, shown, name)


def full_name(short: str, kinds: dict[str, str]) -> str | None:
    """Of the entries, full name -> kind, the door of this name, or the only one that ends in it; else None.

    A member of a class needs the name of its class.
    """
    door = f"inpaintlib.{short}"
    ending = [
        name for name, kind in kinds.items() if name.endswith(f".{short}") and (kind not in OF_A_CLASS or "." in short)
    ]
    return door if door in ending else ending[0] if len(ending) == 1 else None


def arguments(item: object) -> tuple[str, ...]:
    """The names of what a function, or the building of a class, takes; of other things none."""
    try:
        return tuple(inspect.signature(item).parameters) if callable(item) else ()
    except ValueError:
        return ()


def as_rest(prose: str, names: tuple[str, ...] = ()) -> str:
    """Prose without a meaning for stars, bars and underscores; its indented paragraphs are code.

    names: of arguments. They are no links, and code where a sentence begins with one and a colon.
    """
    special = re.compile(rf"(?<![\w,]\s)\b(?P<name>{'|'.join(names) or '(?!)'})(?=:\s)|{CODE_OR_MARK}", re.DOTALL)
    pieces, end = [], 0
    for block in BLOCK.finditer(prose):
        pieces += [special.sub(lambda match: _marked(match, names), prose[end : block.start()]), "::\n\n", block[0]]
        end = block.end()
    return "".join([*pieces, special.sub(lambda match: _marked(match, names), prose[end:])])


def _marked(match: re.Match, names: tuple[str, ...]) -> str:
    code = match["name"] or match["code"]
    if code is None:
        return "\\" + match["mark"]
    if match["name"] or code in names or not re.fullmatch(r"[\w.]+", code):
        return f"``{code}``"
    return f":py:obj:`{code} <{re.sub('^il[.]', 'inpaintlib.', code)}>`"


def readable(signature: str) -> str:
    """`signature` with Float[b, c, h, w] for a tensor of that shape and Float[ndarray, h, w] for an array."""
    return OBJECT.sub(lambda match: match[1] or "...", SHAPED.sub(_shape, signature))


def _shape(match: re.Match) -> str:
    kind, container, shape = match.groups()
    sides = ", ".join("..." if side[0] == "*" else side for side in shape.split()) or "()"
    return f"{kind}[{sides}]" if container == "Tensor" else f"{kind}[{container}, {sides}]"
