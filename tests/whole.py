"""A run.json with all that it must have, for tests to change."""

from typing import Any

from inpaintlib import forms, results

PLAIN = {int: 0, float: 1.0, str: "x", bool: False, dict: {}}


def run(**changes: Any) -> dict[str, Any]:
    """Empty values of the right kinds, with these changes."""
    return _filled(forms.RUN) | {"schema": results.SCHEMA} | changes


def _filled(form: forms.Form) -> Any:
    return {key: _filled(part) for key, part in form.items()} if isinstance(form, dict) else PLAIN[form]
