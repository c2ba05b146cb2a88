"""Personal data: what must never enter, and how it is recognised.

The Measures for the Security Management of Face Recognition (in force 2025-06-01) keep face data in
the device; the Personal Information Protection Law treats it as sensitive. A person is a
pseudonymous id whose form leaves no room for a name, a phone or an identity number.

Context: a payload that is decoded leaves its unknown fields behind; one that is refused is kept
whole as a dead letter, unless it is refused for personal data.
Decision: two measures. The unknown fields of a valid payload are judged as parsed JSON, by key and
value, and what is only odd passes. The text of a refused payload is judged as it stands, JSON or
not, and what might be personal is.
Given up: the diagnosis of a few harmless messages; a name that stands in a field which no word
gives away, because names look like any other text; a mobile number as the number of a device, which
may have eleven digits as well; and what is taken apart or encoded in order to be hidden.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from devices.personal_words import FORBIDDEN, FORBIDDEN_WHOLE, HARMLESS, ID_NUMBER, PERSONS

PERSON_PATTERN = r"^p-[0-9a-f]{16}$"
"""`p-` and 16 hexadecimal digits: longer than a mobile number (11), shorter than an identity
number (18), and no room for a name."""

DWELLING_PATTERN = r"^d-[0-9a-f]{16}$"
"""`d-` and 16 hexadecimal digits."""

_KEY = re.compile(f"(?:{'|'.join(HARMLESS)})|({'|'.join(FORBIDDEN)}|{ID_NUMBER})")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_PERSON_KEY = re.compile(PERSONS)
_PSEUDONYM = re.compile(r"[pd]-?[0-9a-f]{0,64}", re.IGNORECASE)
_MOBILE = r"1[3-9]\d{9}"
_BORN = r"(?:18|19|20)\d{2}[01]\d[0-3]\d"
_NUMBER_OF_A_PERSON = re.compile(
    r"(?<![0-9A-Za-z.])(?:"
    r"(?:(?:\+|00)?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}[ -]?\d{4}|\.\d{4}\.\d{4})"  # mobile number
    r"|0\d{2,3}[ -]\d{7,8}"  # landline with its area code
    rf"|\d{{6}} ?{_BORN} ?\d{{3}}[\dXx]"  # identity number, GB 11643
    r")(?![0-9A-Za-z])"
)
_IDENTITY_NUMBER = re.compile(rf"(?<!\d)\d{{6}}{_BORN}\d{{3}}[\dXx](?!\d)")
_DISGUISED = re.compile(
    rf"[pd]-(?=[0-9a-f]{{16}}(?![0-9a-f]))(?:(?:0{{5}}|f{{5}}|0{{3}}86){_MOBILE}"
    rf"|(?:86)?{_MOBILE}(?:0+|f+)(?![0-9a-f])"
    rf"|[1-8]\d{{5}}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d\d)"
)
_CHECK_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
"""By the sum of the weighted digits modulo 11: GB 11643, ISO 7064 MOD 11-2."""
_IMAGE = re.compile(
    "data:image|[/_]9j[/_][247]|iVBORw0KGgo|R0lGOD[dl]h|UklGR.{4,12}V0VCU"
    "|AAAA.{2}Z0eXB(?:oZWl|taWYx|hdmlm)|(?:ffd8ff|89504e470d0a)[0-9a-f]{16}"
)
"""How JPEG, PNG, GIF, WebP and HEIF begin in base64 or hexadecimal."""
_IMAGE_BYTES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF89a", b"GIF87a", b"WEBPVP8")

LARGEST_LOOKED_THROUGH = 8 * 1024
"""Bytes of a refused payload; a day of 96 increments takes about 1 KiB. A KiB takes 0.1 to 0.5 ms,
and up to 3 where somebody means harm: more would let one device take the time of all."""

_LONGEST_HARMLESS_TEXT = 512
_LONGEST_HARMLESS_CODE = 256
"""Characters of base64. The frame of a meter's day takes 248 (185 bytes), the template of a finger
344 (256 bytes: general knowledge). Hexadecimal is judged as any other text."""
_FEWEST_LETTERS_OF_A_CODE = 20
_FACE_VECTOR = 128
"""Numbers of the shortest in wide use (general knowledge); a day of quarter hours has 96."""

_QUOTED_KEY = re.compile(r'"([^"]*)"\s*:(?!\s*(?:true|false|null)\b)')
_BARE_KEY = re.compile(
    r"(?:(?<=[\s{\[,;&?'\"])|^)'?(\w[\w-]*)'?\s*[:=](?!\s*(?:true|false|null)\b)|<(\w+)"
)
_FIRST_KEY = re.compile(r"\W{0,9}(\w[\w-]{0,63})\s{0,9}[:=>]")
_TOLD_KEY = re.compile(r'"(?:key|k|field|label|attr|n)"\s*:\s*"([^"]*)"')
_PERSON_TEXT = re.compile(
    rf'"(?:{PERSONS})"\s*:\s*"(?!(?i:[pd]-?[0-9a-f]{{0,64}})")[^"]', re.IGNORECASE
)
_OWN_NUMBER = re.compile(r'"(?:device|serial|id)"\s*:\s*"[0-9A-Za-z_.-]{0,64}"')
"""A meter's number may have the eleven digits of a mobile number."""
_CODE = re.compile(rf"[0-9A-Za-z+/=_-]{{{_LONGEST_HARMLESS_CODE + 1},}}")
_LONG_LIST = re.compile(
    r"(?<![0-9.eE+-])"
    rf"(?:[-+]?[0-9][0-9.eE+-]{{0,30}}+[\"\]]?+\s{{0,9}}+,\s{{0,9}}+[\[\"]?+){{{_FACE_VECTOR - 1}}}"
)
"""Looked for from the beginning of a number on, and without going back: else a payload of lists
that are almost as long takes more than a second."""
_TELLING = (_PERSON_TEXT, _IMAGE, _LONG_LIST, _IDENTITY_NUMBER, _DISGUISED)
_HEXADECIMAL = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_NUMBER = re.compile(r"[-+]?[0-9][0-9.eE+-]{0,30}")
_PIECE = 1_000
"""Characters that are normalised at once."""
_ESCAPED = re.compile(r"(?<!\\)\\+u([0-9a-fA-F]{4})")

_NAMERS = frozenset({"key", "k", "field", "label", "attr", "n"})
_TOLD = frozenset({"value", "v", "val", "vs", "text", "content"})


def is_personal_key(key: str) -> bool:
    """Return whether a field of this name carries personal data, however it is spelt."""
    plain = _plain(key)
    if any(match[1] for match in _KEY.finditer(plain)):
        return True
    words = {word.lower() for word in _WORD.findall(key)}
    return not FORBIDDEN_WHOLE.isdisjoint(words | {plain})


def is_personal_value(value: object) -> bool:
    """Return whether a value of an unknown field holds a phone or identity number or an image.

    Text above 512 characters is taken for an image or a feature vector; so are 256 of base64, and
    128 numbers that stand together. JSON within a text is judged by its keys.
    """
    if isinstance(value, str):
        return _is_personal_text(value)
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return _NUMBER_OF_A_PERSON.fullmatch(_digits(value)) is not None
    return _numbers_in(value) >= _FACE_VECTOR


def holds_personal_data(tree: object) -> bool:
    """Return whether a JSON value has a personal field, at any depth that JSON was parsed."""
    if isinstance(tree, Mapping):
        return _is_told_of_a_person(tree) or any(
            _is_personal(str(key), value) or _holds_within(value) for key, value in tree.items()
        )
    return isinstance(tree, list) and (is_personal_value(tree) or _holds_within(tree))


def _holds_within(value: object) -> bool:
    """Look into a value that was judged itself: its numbers, in lists within lists, are counted.

    To count them again at each level would take a second for a payload of deep lists.
    """
    if not isinstance(value, list):
        return holds_personal_data(value)
    return any(
        (not isinstance(each, list) and is_personal_value(each)) or _holds_within(each)
        for each in value
    )


def is_disguised(pseudonym: str) -> bool:
    """Return whether what has the form of a pseudonym is a mobile or identity number, padded.

    So is the keyed hash of one person in two million by chance.
    """
    return _DISGUISED.fullmatch(pseudonym) is not None


def is_identity_number(text: str) -> bool:
    """Return whether a text is an identity number with its right check digit (GB 11643)."""
    if len(text) != 18 or _IDENTITY_NUMBER.fullmatch(text) is None:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, _CHECK_WEIGHTS, strict=False))
    return _CHECK_DIGITS[total % 11] == text[-1].upper()


def mentions_personal_data(payload: bytes) -> bool:
    """Return whether bytes that were refused may hold personal data all the same.

    What is larger than `LARGEST_LOOKED_THROUGH` is better not kept than looked through.
    They need not be JSON, nor whole, nor UTF-8: Chinese devices also send GB 18030.
    """
    return any(mark in payload for mark in _IMAGE_BYTES) or any(
        _may_be_personal(text) for text in _texts(payload)
    )


def _is_personal(key: str, value: object) -> bool:
    """Null and booleans say nothing of a person under any name, unless the name itself does."""
    if _is_personal_text(key):
        return True
    if value is None or isinstance(value, bool):
        return False
    if is_personal_key(key) or is_personal_value(value):
        return True
    return (
        isinstance(value, str)
        and _PERSON_KEY.fullmatch(_plain(key)) is not None
        and _PSEUDONYM.fullmatch(value) is None
    )


def _is_told_of_a_person(tree: Mapping[object, object]) -> bool:
    """Judge `{"key": "phone", "value": 1}` by what it says the key is."""
    return not _TOLD.isdisjoint(tree) and any(
        isinstance(named := tree.get(namer), str) and is_personal_key(named) for namer in _NAMERS
    )


def _is_personal_text(text: str) -> bool:
    if len(text) > _LONGEST_HARMLESS_TEXT:
        return True
    plain = _unescaped(_folded(text))
    first = _FIRST_KEY.match(plain)
    return (
        _NUMBER_OF_A_PERSON.search(plain) is not None
        or _IMAGE.search(plain) is not None
        or _LONG_LIST.search(plain) is not None
        or _holds_code(plain)
        or (first is not None and is_personal_key(first[1]))
        or any(is_personal_key(key) for key in _QUOTED_KEY.findall(plain))
    )


def _holds_code(text: str) -> bool:
    """Return whether a text has a long run of base64, and not of a few letters alone."""
    runs = _CODE.findall(text)
    return any(
        len(run) > _LONGEST_HARMLESS_TEXT
        or (_HEXADECIMAL.fullmatch(run) is None and len(set(run)) >= _FEWEST_LETTERS_OF_A_CODE)
        for run in runs
    )


def _numbers_in(value: object) -> int:
    """Count the numbers that stand together: in lists within lists, or in one object."""
    if isinstance(value, list):
        return sum(
            _numbers_in(each) if isinstance(each, list) else _is_number(each) for each in value
        )
    return sum(map(_is_number, value.values())) if isinstance(value, Mapping) else 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or (
        isinstance(value, str) and _NUMBER.fullmatch(value) is not None
    )


def _may_be_personal(text: str) -> bool:
    return (
        any(is_personal_key(key) for key in _QUOTED_KEY.findall(text))
        or any(is_personal_key(key) for key in _TOLD_KEY.findall(text))
        or any(is_personal_key(bare or tag) for bare, tag in _BARE_KEY.findall(text))
        or any(pattern.search(text) for pattern in _TELLING)
        or _holds_code(text)
        or _NUMBER_OF_A_PERSON.search(_OWN_NUMBER.sub("", text)) is not None
    )


def _texts(payload: bytes) -> Iterator[str]:
    """Yield the payload as the texts it may be, escapes resolved at whatever depth they stand."""
    narrow = payload.replace(b"\0", b"")
    try:
        yield _unescaped(_folded(narrow.decode()))
    except UnicodeDecodeError:
        yield _unescaped(_folded(narrow.decode("utf-8", "replace")))
        yield _unescaped(_folded(narrow.decode("gb18030", "replace")))


def _folded(text: str) -> str:
    """Return the text in the form that spells alike what looks alike.

    Normalising takes time with the square of how many combining marks follow each other: 64 KiB of
    them more than a second. So it is done piece by piece. No word that is looked for has such
    marks, so none is lost where pieces meet.
    """
    if text.isascii():
        return text
    pieces = (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))
    return "".join(unicodedata.normalize("NFKC", piece) for piece in pieces)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text).replace("\\", "")


def _plain(key: str) -> str:
    folded = _folded(key).casefold()
    return "".join(letter for letter in folded if letter.isalpha() or letter.isdigit())


def _digits(number: float) -> str:
    """Whole numbers without their `.0`; beyond 64 bits there is no number of a person."""
    return str(int(number)) if abs(number) < 2**63 and number == int(number) else ""
