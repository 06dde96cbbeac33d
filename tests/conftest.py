"""Before torch starts: one thread, so that two test processes share two cores, and idle threads that sleep."""

import os

for inherited in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # `make test` runs these tests, and some of them run make
    os.environ.pop(inherited, None)
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("MPLBACKEND", "agg")
