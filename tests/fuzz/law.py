"""The law of all input: readings or a refusal, soon, bounded, and fit for all that follows."""

import re
import resource
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import TypeAlias

from devices.refusal import DecodeError

LONGEST_S = 0.3
"""Processor time of one input of at most 64 KiB; the slowest that is known takes 0.1 s."""
LONGEST_DETAIL = 1_000
"""Characters; a refusal names three places."""

Landmarks: TypeAlias = tuple[str, ...]
"""What an input showed of code that is compiled, in which a fuzzer sees no branches."""
Hear: TypeAlias = Callable[[bytes], Landmarks]

_NUMBER = re.compile(r"\d+")


class BrokenLawError(Exception):
    """An input that breaks the law; the text says how, and is the same for the same defect."""


def judged(hear: Hear, sent: bytes) -> Landmarks:
    """Return what `hear` says of an input; BrokenLawError also if it raises or takes too long."""
    landmarks, took_s = _timed(hear, sent)
    if took_s > LONGEST_S and _timed(hear, sent)[1] > LONGEST_S:
        raise BrokenLawError(f"takes longer than {LONGEST_S} s")
    return landmarks


def held(fact: bool, law: str) -> None:  # noqa: FBT001 it reads as an assertion
    """Raise BrokenLawError unless the fact holds."""
    if not fact:
        raise BrokenLawError(law)


def landmarks_of(refused: DecodeError) -> Landmarks:
    """Return the reason and the places that a refusal names; BrokenLawError if its text is odd."""
    detail = refused.detail
    held(0 < len(detail) <= LONGEST_DETAIL and detail.isprintable(), "refuses in odd words")
    return (refused.reason, *_NUMBER.sub("0", detail).split("; "))


def is_finite(value: object) -> bool:
    """Return whether a value is no number that has no place in a database."""
    return not isinstance(value, float) or isfinite(value)


def _timed(hear: Hear, sent: bytes) -> tuple[Landmarks, float]:
    before = processor_s()
    try:
        landmarks = hear(sent)
    except (BrokenLawError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of compiled code is no Exception
        raise BrokenLawError(f"raises {type(error).__name__} in {_place(error)}") from error
    return landmarks, processor_s() - before


def processor_s() -> float:
    """Return the processor time of this process, s."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def least_s(act: Callable[[], object]) -> float:
    """Return the processor time of an act, the least of three: a machine has other work as well."""
    return min(_taken_s(act) for _ in range(3))


def _taken_s(act: Callable[[], object]) -> float:
    before = processor_s()
    act()
    return processor_s() - before


def _place(error: BaseException) -> str:
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    return (
        f"{Path(traceback.tb_frame.f_code.co_filename).name}:{traceback.tb_lineno}"
        if traceback
        else ""
    )
