"""Draw the hole with a mouse or a finger: a widget for JupyterLab, and a page that this machine serves to itself."""

from pathlib import Path

HERE = Path(__file__).parent
SCRIPT = "\n".join((HERE / name).read_text(encoding="utf-8") for name in ("canvas.js", "hand.js", "hole.js"))
"""One JavaScript module, which exports `mount`: anywidget takes no second one."""
