"""The whole generator on this machine: speed against a plain convolution, memory, torch.compile, cost by size."""

import re
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional as F

import inpaintlib as il
from inpaintlib.losses import Critics, generator_losses
from inpaintlib.models.discriminator import DISCRIMINATORS
from inpaintlib.recipes import recipe

GIB = 2**30
CARD = 24 * GIB
"""The memory of the GPU that a training step at the paper's batch of 16 has to fit."""
BATCH = 16


@dataclass(frozen=True)
class Figure:
    """One measured number of the generator. target: what the project promises, "" where it promises nothing."""

    name: str
    value: float | None
    unit: str
    target: str = ""
    met: bool | None = None


def race(functions: Sequence[Callable[[], object]], repeats: int, warmups: int = 2) -> list[float]:
    """Median seconds of each; they take turns, so that whatever else the machine does slows all of them."""
    seconds: list[list[float]] = [[] for _ in functions]
    for turn in range(warmups + repeats):
        for function, kept in zip(functions, seconds):
            began = time.perf_counter()
            function()
            if turn >= warmups:
                kept.append(time.perf_counter() - began)
    return [statistics.median(kept) for kept in seconds]


def peak_bytes() -> int:
    """The largest resident set that this process has had. Linux's getrusage would count that of its parent, too."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def sized(batch: il.Batch, size: int) -> il.Batch:
    """The batch at size x size, each pixel repeated or dropped."""
    image, mask, *maps = (
        F.interpolate(x, size=(size, size)) for x in (batch.image, batch.mask, *batch.priors.values())
    )
    return il.Batch(image, mask, dict(zip(batch.priors, maps)))


def forward(network: nn.Module, batch: il.Batch) -> Tensor:
    with torch.no_grad():
        return network(batch).image


def speed(width: int, size: int, repeats: int) -> list[Figure]:
    """Achieved MAC rate of a forward pass at batch 1 and 4, and as a share of a plain 180 -> 180 convolution's rate."""
    network = il.build("tsgl", width=width).eval()
    macs = il.counts(network, size)["inference"].macs
    conv = nn.Conv2d(180, 180, 3, padding=1).to(memory_format=torch.channels_last)
    x = torch.randn(1, 180, size // 2, size // 2).contiguous(memory_format=torch.channels_last)
    conv_macs = conv.weight.numel() * (size // 2) ** 2
    figures = [Figure(f"MACs of a forward pass, {size} px", macs / 1e9, "G")]
    for n in (1, 4):
        batch = il.example_batch(n, size)
        whole, plain = race([lambda batch=batch: forward(network, batch), lambda: _plain(conv, x)], repeats)
        share = n * macs / whole / (conv_macs / plain)
        figures += [
            Figure(f"forward, batch {n}", whole, "s"),
            Figure(f"rate, batch {n}", n * macs / whole / 1e9, "GMAC/s"),
            Figure(f"rate against a plain convolution's, batch {n}", 100 * share, "%", ">= 70 %", share >= 0.7),
        ]
    return figures


def _plain(conv: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return conv(x)


def compiled(width: int, size: int, repeats: int, backend: str) -> list[Figure]:
    """torch.compile of the whole forward pass against the pass without it, where there is a C++ compiler for it."""
    # Only here: these modules take 90 MB, which the memory of a forward pass must not count.
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    name = "torch.compile: times as fast"
    try:
        get_cpp_compiler()
    except InvalidCxxCompiler:
        return [Figure(f"{name} (no C++ compiler here)", None, "x")]
    network = il.build("tsgl", width=width).eval()
    batch = il.example_batch(1, size)
    fast = torch.compile(network, backend=backend, fullgraph=True)
    began = time.perf_counter()
    forward(fast, batch)
    first = time.perf_counter() - began
    plain, quick = race([lambda: forward(network, batch), lambda: forward(fast, batch)], repeats)
    return [Figure(name, plain / quick, "x"), Figure("torch.compile: first call", first, "s")]


def linear(width: int, sizes: Sequence[int], repeats: int) -> list[Figure]:
    """Time and MACs a pixel at growing sizes, against the smallest: 1 where the cost is linear in pixels (App. B)."""
    network = il.build("tsgl", width=width).eval()
    batches = [sized(il.example_batch(1, 64), size) for size in sizes]
    seconds = race([lambda batch=batch: forward(network, batch) for batch in batches], repeats)
    macs = [il.counts(network, size)["inference"].macs for size in sizes]
    figures = []
    for size, t, m in zip(sizes, seconds, macs):
        ratio = m / size**2 / (macs[0] / sizes[0] ** 2)
        figures += [
            Figure(f"time a pixel at {size} px, width {width}", t / size**2 * 1e9, "ns"),
            Figure(f"MACs a pixel at {size} px / at {sizes[0]} px", ratio, "", "1 +- 0.02", abs(ratio - 1) < 0.02),
        ]
    return figures


@dataclass(frozen=True)
class Saved:
    """Bytes that one training step keeps for its backward pass, without the weights: all of it, and the largest map."""

    total: int
    largest: int


def saved_for_backward(network: nn.Module, judge: nn.Module, batch: il.Batch) -> Saved:
    """What autograd keeps between forward and backward of a step: the generator's pass, its losses, and the
    discriminator's passes over the photograph and the composite. Every storage counts once.

    Works on shapes alone too (everything on the device meta).
    """
    weights = {p.untyped_storage()._cdata for module in (network, judge) for p in module.parameters()}
    sizes: dict[int, int] = {}

    def keep(x: Tensor) -> Tensor:
        storage = x.untyped_storage()
        if storage._cdata not in weights:
            sizes[storage._cdata] = storage.nbytes()
        return x

    network.train()
    with saved_tensors_hooks(keep, lambda x: x):
        output = network(batch)
        alive = judge(batch.target.image), judge(output.composite(batch).detach())
        losses = generator_losses(network.losses, batch, output, Critics(judge), recipe("paper"))
    del alive, losses
    return Saved(sum(sizes.values()), max(sizes.values()))


def training_memory(width: int, size: int) -> list[Figure]:
    """A training step at the paper's batch, in float32: an upper bound for mixed precision.

    Maps kept for the backward pass, extrapolated from batches of 1 and 2; weights, gradients, Adam's two moments and
    the running average; and as working space three maps of the largest size.
    """
    network, judge = il.build("tsgl", width=width), DISCRIMINATORS["patch"](width)
    networks = {"generator": (network, 5), "discriminator": (judge, 4)}
    held = sum(4 * copies * p.numel() for module, copies in networks.values() for p in module.parameters())
    one, two = (saved_for_backward(network.to("meta"), judge.to("meta"), il.example_batch(n, size).to("meta"))
                for n in (1, 2))  # fmt: skip
    each = two.total - one.total
    whole = one.total + (BATCH - 1) * each + 3 * BATCH * one.largest + held
    return [
        Figure("training, float32: kept for the backward pass, an image", each / 2**20, "MiB"),
        Figure("training, float32: weights, gradients, moments, average", held / GIB, "GiB"),
        Figure(f"training, float32: a step at batch {BATCH}", whole / GIB, "GiB", "< 24 GiB", whole < CARD),
    ]
