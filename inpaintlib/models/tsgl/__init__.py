from inpaintlib.models.tsgl.network import TSGL, Config

__all__ = ["TSGL", "Config"]
