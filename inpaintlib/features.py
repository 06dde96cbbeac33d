"""Feature access: a forward pass names the maps that it passes by, and they are kept when somebody asked for them."""

from torch import Tensor


class Features:
    """The maps of one forward pass by name, each a list over layers; empty, and at no cost, unless `wanted`."""

    def __init__(self, wanted: bool):
        self.wanted = wanted
        self.maps: dict[str, list[Tensor]] = {}

    def add(self, **maps: Tensor | list[Tensor]) -> None:
        """Append a map, or a list of maps, under each name."""
        if not self.wanted:
            return
        for name, values in maps.items():
            self.maps.setdefault(name, []).extend([values] if isinstance(values, Tensor) else values)
