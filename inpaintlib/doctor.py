"""What a reader's machine needs before the book can be built: one check a thing, each failure with its fix.

A check is a function of the conditions it judges; their defaults look at this machine. A check that cannot run
because something below it is broken counts as failed, and says why. `make doctor` runs this file as a program, which
imports nothing that it checks until it checks it: so it reports even where torch does not import.
"""

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

Load = Callable[[str], ModuleType]

GIGABYTE = 10**9
DISK_NEEDED = 8 * GIGABYTE
MEMORY_NEEDED = 4 * GIGABYTE
FONT = "DejaVu Sans"

REINSTALL = "remove the folder .venv and run `make env`"
RESTORE = "restore the package's data with `git checkout -- inpaintlib/data`"


@dataclass(frozen=True)
class Check:
    """The outcome of one check. `detail` says what was found; `fix` says what to do, and is empty when `ok`."""

    name: str
    ok: bool
    detail: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{'OK' if self.ok else 'FAIL':<5} {self.name:<12} {self.detail}"
        return line if self.ok else f"{line.removesuffix('.')}. Fix: {self.fix}."


def _judge(name: str, ok: bool, detail: str, fix: str) -> Check:
    return Check(name, ok, detail, "" if ok else fix)


def python(version: Sequence[int] = tuple(sys.version_info[:3])) -> Check:
    """Python is 3.11 or newer."""
    found = ".".join(map(str, version))
    return _judge("Python", tuple(version) >= (3, 11), found, "install Python 3.11 or newer, then " + REINSTALL)


def torch(load: Load = importlib.import_module) -> Check:
    """PyTorch imports; the detail names the device that the book will use."""
    try:
        module = load("torch")
    except (ImportError, OSError, RuntimeError) as error:
        return Check("torch", False, f"does not import ({error})", REINSTALL)
    if module.cuda.is_available():
        where = f"on the GPU {module.cuda.get_device_name(0)}"
    else:
        where = f"on the CPU with {module.get_num_threads()} threads (no CUDA GPU found)"
    return Check("torch", True, f"{module.__version__} {where}")


def torchvision(load: Load = importlib.import_module) -> Check:
    """torchvision was built for the installed PyTorch: otherwise its import, or its compiled operators, fail."""
    try:
        load("torch")
        module = load("torchvision")
        _ = load("torchvision.ops").nms
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        return Check("torchvision", False, f"does not match the installed torch ({error})", REINSTALL)
    return Check("torchvision", True, f"{module.__version__}, matches torch")


def kernel(prefix: str = sys.prefix) -> Check:
    """Jupyter's kernel `python3` exists and runs the Python of this environment, not another one of the same name."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Check("kernel", False, "Jupyter knows no kernel named python3", REINSTALL)
    program = Path(spec.argv[0])
    ours = not program.is_absolute() or program.is_relative_to(prefix)
    fix = f"remove the kernel in {spec.resource_dir}, which hides the one of this environment"
    return _judge("kernel", ours, f"python3 runs {program}", fix)


def fonts(family: str = FONT) -> Check:
    """The figures' font is found, so that they look alike on every machine."""
    from matplotlib import font_manager

    try:
        path = font_manager.findfont(family, fallback_to_default=False)
    except ValueError:
        return Check("fonts", False, f"matplotlib does not find {family}", REINSTALL)
    return Check("fonts", True, f"{family} ({Path(path).name})")


def photos(verify: Callable[[], list[str]] | None = None) -> Check:
    """The bundled photographs are whole and unchanged."""
    if verify is None:
        from inpaintlib.photos import verify
    problems = verify()
    if problems:
        return Check("photos", False, f"{len(problems)} damaged or absent: {problems[0]}", RESTORE)
    return Check("photos", True, "every bundled photograph has its checksum")


def masks(read: Callable[[str], object] | None = None) -> Check:
    """The frozen evaluation masks are whole and unchanged; `read` raises ValueError for a set that is not."""
    from inpaintlib.masks import FROZEN, frozen

    for name in FROZEN:
        try:
            (read or frozen)(name)
        except (ValueError, OSError) as error:
            return Check("masks", False, f"{name}: {error}", RESTORE)
    return Check("masks", True, f"{len(FROZEN)} frozen sets have their checksums")


def trunk(path: Path | None = None) -> Check:
    """The AlexNet trunk of the perceptual distance is whole and unchanged."""
    from inpaintlib.files import sha256
    from inpaintlib.lpips_distance import TRUNK, TRUNK_SHA256

    path = path or TRUNK
    if not path.is_file():
        return Check("AlexNet", False, f"{path.name} is absent", RESTORE)
    ok = sha256(path) == TRUNK_SHA256
    return _judge("AlexNet", ok, f"{path.name} {'has' if ok else 'differs from'} its checksum", RESTORE)


def weights(profile: str = "laptop", available: Callable[[str], Sequence] | None = None) -> Check:
    """The networks that the book loads are there and readable: at least one of `profile`, and none of them broken."""
    if available is None:
        from inpaintlib.weights import available
    fix = f"{RESTORE}, or train them with `make train`"
    try:
        found = available(profile)
    except (ValueError, OSError) as error:
        return Check("weights", False, str(error), fix)
    return _judge("weights", len(found) > 0, f"{len(found)} trained networks of the profile {profile}", fix)


def disk(folder: Path = Path(), free: int | None = None) -> Check:
    """At least 8 GB are free where the book is built (`free` in bytes; by default asked of the system)."""
    free = shutil.disk_usage(folder).free if free is None else free
    fix = f"free {max(0, DISK_NEEDED - free) / GIGABYTE:.1f} GB more"
    return _judge("disk", free >= DISK_NEEDED, f"{free / GIGABYTE:.1f} GB free, 8 needed", fix)


def total_memory(limit_file: Path = Path("/sys/fs/cgroup/memory.max")) -> int:
    """Bytes of memory this process may use: the machine's, or a container's limit when that is smaller."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = limit_file.read_text().strip() if limit_file.is_file() else "max"
    return machine if limit == "max" else min(machine, int(limit))


def memory(total: int | None = None) -> Check:
    """At least 4 GB of memory (`total` in bytes; by default asked of the system)."""
    total = total_memory() if total is None else total
    fix = "use a machine, or a container limit, with more memory"
    return _judge("memory", total >= MEMORY_NEEDED, f"{total / GIGABYTE:.1f} GB, 4 needed", fix)


def chromium(find: Callable[[str], str | None] = shutil.which) -> Check:
    """A browser for `make pdf` and the tests of the built pages. Nothing else needs it: its absence is no failure."""
    program = find("chromium") or find("chromium-browser") or find("google-chrome")
    detail = program or "absent; only make pdf and the browser tests of the built book need it, and these are skipped"
    return Check("Chromium", True, detail)


CHECKS: tuple[Callable[[], Check], ...] = (
    python,
    torch,
    torchvision,
    kernel,
    fonts,
    photos,
    masks,
    trunk,
    weights,
    disk,
    memory,
    chromium,
)


def examine(checks: Iterable[Callable[[], Check]] = CHECKS) -> Iterator[Check]:
    """Run the checks, one after the other. One that raises is a failure whose detail is the exception."""
    for check in checks:
        try:
            yield check()
        except Exception as error:
            found = f"could not be checked ({type(error).__name__}: {error})"
            yield Check(check.__name__, False, found, REINSTALL)


def report(checks: Iterable[Callable[[], Check]] = CHECKS) -> int:
    """Print one line a check as soon as it is done, and a closing one. Returns 0 when all passed, otherwise 1."""
    outcomes = []
    for outcome in examine(checks):
        print(outcome, flush=True)
        outcomes.append(outcome.ok)
    failed = outcomes.count(False)
    print(f"{failed} of {len(outcomes)} checks failed." if failed else f"All {len(outcomes)} checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(report())
