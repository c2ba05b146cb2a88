"""Why a run of simulated devices does not start."""


class InputError(Exception):
    """A file or option that can't be used; the text says what, where and what was expected."""
