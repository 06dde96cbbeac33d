"""How the loops of adaptive filtering on a CPU are compiled, and what they have in common.

A loop does some rows, from `begin` to before `end`. Arrays are flat, each with its strides: maps (c, y, x), kernels
(g, t, y, x): f is the map that is filtered, w its kernels, g the gradient of the result, dw that of the kernels.
`spread`, the gradient of f, comes with its border, k - 1 more a side. frame: (groups, channels of a group, height,
width, border) of the kernels. Loops are made for one side k of the kernels, so that the compiler can write its taps
out.
"""

from collections.abc import Callable

import numpy as np
from numba import njit

Loop = Callable[..., None]
compiled = njit(nogil=True, cache=True, fastmath={"contract"})
at = np.uint64
"""Of indices. A negative one would count from the end, and Numba does not vectorize a loop that may have to do that."""
