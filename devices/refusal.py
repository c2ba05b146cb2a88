"""Why a message was refused: the closed list of reasons, and the error that carries one."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a message was refused. A released name never changes: it labels metrics."""

    NOT_JSON = "not_json"
    WRONG_VERSION = "wrong_version"
    UNKNOWN_TYPE = "unknown_type"
    MISSING_FIELD = "missing_field"
    MISTYPED_FIELD = "mistyped_field"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"
    INCONSISTENT = "inconsistent"
    DEVICE_MISMATCH = "device_mismatch"
    IN_THE_FUTURE = "in_the_future"
    TOO_OLD = "too_old"
    TOO_LARGE = "too_large"
    PERSONAL_DATA = "personal_data"
    UNKNOWN_KIND = "unknown_kind"
    TOPIC = "topic"


class DecodeError(Exception):
    """A message that is refused; the caller keeps it as a dead letter.

    `detail` names the place and what was expected there. It never repeats text from the payload,
    which might be what must not be kept.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
