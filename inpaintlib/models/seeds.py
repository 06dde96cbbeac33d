"""Initial weights of a part that do not depend on, or shift, those of the parts before it."""

import torch


class Apart:
    """`with apart:` draws from a stream of its own, which depends on where torch's generator stood when this was made.

    So networks that differ in one part start equal in all others, however many numbers that part draws.
    """

    def __init__(self):
        with torch.random.fork_rng(devices=[]):
            self._seed = int(torch.randint(2**62, (), device="cpu"))

    def __enter__(self) -> None:
        self._outside = torch.get_rng_state()
        torch.manual_seed(self._seed)

    def __exit__(self, *error: object) -> None:
        torch.set_rng_state(self._outside)
