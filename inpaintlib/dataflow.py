"""What flows through a network, from part to part, read off its exported graph: the drawing on a method's page."""

import copy
from dataclasses import dataclass, field

from torch import Tensor, fx, nn

from inpaintlib.exporting import export

INPUTS, MASK, OUTPUT = "inputs", "mask", "image"
"""What a network is given, the mask among it, and what it draws."""

Shape = tuple[int, int, int]
Source = tuple[str, Shape]


@dataclass
class Part:
    """A direct child of a network, or a member of a list of children, such as stages[0].

    gives: channels, height and width of each kind of map that leaves it.  runs: how often it is run.
    """

    gives: list[Shape] = field(default_factory=list)
    runs: int = 1


@dataclass(frozen=True)
class Flow:
    """parts: by name, in the order in which they run first, INPUTS first and OUTPUT last.  arrows: (from, to); one that
    points back belongs to parts that take turns, or recur."""

    parts: dict[str, Part]
    arrows: list[tuple[str, str]]


def dataflow(network: nn.Module, size: int = 256) -> Flow:
    """The parts of a network and the maps that pass between them, on one image of that size, from shapes alone.

    What happens between two parts (a concatenation, a composite) belongs to the arrow. The mask, of which any part may
    make use, has an arrow of its own only to a part that gets nothing else.
    """
    program = export(copy.deepcopy(network).to("meta"), size)
    image, mask, *priors = program.graph_signature.user_inputs
    tracer = _Tracer(network, {image: INPUTS, mask: MASK} | dict.fromkeys(priors, INPUTS))
    for node in program.graph.nodes:
        tracer.pass_by(node)
    return Flow(tracer.parts, tracer.arrows())


class _Tracer:
    """Follows every node's values back to the parts, or the inputs, that they come from."""

    def __init__(self, network: nn.Module, inputs: dict[str, str]):
        self.lists = {n for n, child in network.named_children() if isinstance(child, nn.ModuleList | nn.ModuleDict)}
        self.inputs = inputs
        self.parts: dict[str, Part] = {INPUTS: Part()}
        self.sources: dict[fx.Node, dict[Source, None]] = {}
        self.calls: dict[str, set[str]] = {}
        self.found: dict[tuple[str, str], None] = {}

    def pass_by(self, node: fx.Node) -> None:
        """Note where this node's value comes from, and what enters a part with it."""
        if node.op == "placeholder":
            given = self.inputs.get(node.name)
            self.sources[node] = {(given, _shape(node)): None} if given else {}
            return
        name = OUTPUT if node.op == "output" else self._part(node)
        if name is None:
            self.sources[node] = {source: None for x in node.all_input_nodes for source in self.sources[x]}
            return
        self.parts.setdefault(name, Part())
        for x in node.all_input_nodes:
            if self._part(x) != name:
                for source, shape in self.sources[x]:
                    if source != name:
                        self._enter(source, shape, name)
        self.sources[node] = {(name, _shape(node)): None}

    def arrows(self) -> list[tuple[str, str]]:
        """All arrows; those of the mask where they say something."""
        fed = {to for source, to in self.found if source != MASK}
        return [(INPUTS if a == MASK else a, b) for a, b in self.found if a != MASK or b not in fed]

    def _enter(self, source: str, shape: Shape, name: str) -> None:
        self.found[source, name] = None
        gives = self.parts[INPUTS if source == MASK else source].gives
        if shape and shape not in gives:
            gives.append(shape)

    def _part(self, node: fx.Node) -> str | None:
        """The name of the direct child that runs this node, with its place where the child is a list."""
        for key, (path, _) in (node.meta.get("nn_module_stack") or {}).items():
            names = path.split(".")[1:]
            if names and (names[0] not in self.lists or names[1:]):
                member = names[0] in self.lists
                name = f"{names[0]}[{names[1]}]" if member else names[0]
                calls = self.calls.setdefault(name, set())
                if len(names) == 1 + member:
                    calls.add(key)
                    self.parts.setdefault(name, Part()).runs = len(calls)
                return name
        return None


def _shape(node: fx.Node) -> Shape:
    """Channels, height and width of a batch of maps; () of anything else."""
    value = node.meta.get("val")
    return tuple(value.shape[1:]) if isinstance(value, Tensor) and value.dim() == 4 else ()
