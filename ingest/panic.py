"""Panics: defects inside compiled libraries."""


def is_panic(error: BaseException) -> bool:
    """Return whether code of a library written in Rust gave up on what it was handed.

    It raises a BaseException of a class that can't be imported, one for each library, so the name
    of the class has to do. Unlike the other BaseExceptions it asks nobody to end.
    """
    return type(error).__name__ == "PanicException"
