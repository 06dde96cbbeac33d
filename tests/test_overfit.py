"""A network wired right can learn eight photographs by heart: a silent mistake in the wiring shows here."""

import pytest
import torch

import inpaintlib as il
from inpaintlib.losses import reconstruction
from inpaintlib.metrics import psnr

STEPS, RATE, GOAL = 1000, 3e-3, 30.0
RATES = {"comodgan": 2e-2}
"""Of a network whose weights are divided by the root of their fan-in as they are used, and so move less at a rate."""
NETWORKS = {
    "tsgl": {"width": 8},
    "tsgl, released balance": {"width": 8, "balance": "released", "twice": "all"},
    "tsgl, plain decoder": {"width": 8, "decoder": "basic"},
    "tsgl, structure through texture": {"width": 8, "reconstruct": "structure", "variant": "Texture->Global"},
    "tsgl-pennet": {"width": 8},
    "tsgl-hifill": {"width": 8},
    "tsgl-lama": {"width": 8},
    "tsgl-lama, released encoder": {"width": 8, "encoder": "released"},
    "pennet": {"width": 16},
    "hifill": {"width": 16},
    "lama": {"width": 8},
    "misf": {"width": 16},
    "misf, released layout": {"width": 16, "layout": "released"},
    "mat": {"width": 12},
    "mmt": {"width": 8},
    "zits": {"width": 6},
    "aot-gan": {"width": 8},
    "structureflow": {"width": 5},
    "jpgnet": {"width": 5},
    "regionnorm": {"width": 8},
    "edgeconnect": {"width": 8},
    "deepfill-v2": {"width": 16},
    "mi-gan": {"width": 16},
    "madf": {"width": 2},
    "han": {"width": 8},
    "pconv": {"width": 16},
    "rfr": {"width": 8},
    "ctsdg": {"width": 8},
    "medfe": {"width": 8},
    "comodgan": {"width": 12},
}


def in_the_hole(network, batch) -> float:
    """Mean PSNR over the photographs, in the hole alone, dB."""
    with torch.no_grad():
        drawn = network.eval()(batch).composite(batch)
    network.train()
    return float(psnr((drawn + 1) / 2, (batch.target.image + 1) / 2, hole=batch.mask).mean())


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_eight_photographs_are_learned_by_heart(name):
    torch.manual_seed(0)
    network = il.build(name.split(",")[0], **NETWORKS[name]).train()
    crops = il.example_batch(8, 64)
    batch = il.Batch.make(crops.target.image, crops.mask, priors=network.priors)
    rate = RATES.get(name, RATE)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, betas=(0.9, 0.99))
    reached = []
    for step in range(1, STEPS + 1):
        optimizer.param_groups[0]["lr"] = rate * min(1.0, step / 50)
        loss = reconstruction(network(batch).image, batch.target.image, batch.mask, hole_weight=5.0)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0:
            reached.append(round(in_the_hole(network, batch), 1))
            if reached[-1] > GOAL:
                return
    pytest.fail(f"{name} reaches {reached} dB after every 50 steps, not {GOAL}.")
