"""The one exception that bad input raises: a single sentence for the person who gave it."""


class InputError(ValueError):
    """Bad input from a reader. The message is one sentence: what was wrong, where, what would be right."""
