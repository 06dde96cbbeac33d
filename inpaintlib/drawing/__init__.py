"""Draw the hole with a mouse or a finger: a widget for JupyterLab, and a page that this machine serves to itself."""
