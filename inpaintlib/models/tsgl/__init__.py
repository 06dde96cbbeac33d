from inpaintlib.models.tsgl.host_lama import TSGLLaMa
from inpaintlib.models.tsgl.network import TSGL, Config

__all__ = ["TSGL", "Config", "TSGLLaMa"]
