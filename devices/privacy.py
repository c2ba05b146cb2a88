"""Personal data: what must never enter, and how it is recognised.

The Measures for the Security Management of Face Recognition (in force 2025-06-01) keep face data in
the device; the Personal Information Protection Law treats it as sensitive. A person is a
pseudonymous id whose form leaves no room for a name, a phone or an identity number.

Context: a payload that is decoded leaves its unknown fields behind; one that is refused is kept
whole as a dead letter, unless it is refused for personal data.
Decision: two measures. The unknown fields of a valid payload are judged as parsed JSON, by key and
value, and what is only odd passes. The text of a refused payload is judged as it stands, JSON or
not, and what might be personal is.
Given up: the diagnosis of a few harmless messages; and a name that stands in a field which no word
gives away, because names look like any other text.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

PERSON_PATTERN = r"^p-[0-9a-f]{16}$"
"""`p-` and 16 hexadecimal digits: longer than a mobile number (11), shorter than an identity
number (18), and no room for a name."""

DWELLING_PATTERN = r"^d-[0-9a-f]{16}$"
"""`d-` and 16 hexadecimal digits."""

_FORBIDDEN = (
    "face", "feature", "photo", "image", "picture", "snapshot", "selfie", "avatar", "portrait",
    "embedding", "biometric", "fingerprint", "palmprint", "voiceprint",
    "name", "phone", "mobile", "identity", "passport",
    "xingming", "shouji", "dianhua", "shenfenzheng", "renlian", "zhaopian",
    "人脸", "人臉", "特征", "特徵", "照片", "图像", "圖像", "图片", "圖片", "抓拍", "指纹", "姓名",
    "名字", "电话", "電話", "手机", "手機", "身份证", "身份證", "身分證", "证件号", "證件號",
)  # fmt: skip
"""Found anywhere in a key, so that `ownerName` and `faceimg2` are found too."""

_HARMLESS = (
    "interface", "surface", "microphone", "headphone", "doorphone", "automobile",
    "photocell", "photodiode", "photoelectric", "photovoltaic", "photoresistor",
    "mobilenetwork", "mobilecountry", "mobileoperator", "featureflag", "featureset",
    "firmwareimage", "bootimage", "imageversion", "namespace", "nameplate", "deviceidno",
    "deviceidnumber", "certfingerprint", "certificatefingerprint", "keyfingerprint",
    "configfingerprint",
    *(f"{thing}name" for thing in (
        "firmware", "model", "file", "host", "device", "product", "vendor", "manufacturer", "brand",
        "sensor", "event", "alarm", "gateway", "server", "domain", "network", "topic", "field",
        "tag", "unit", "zone", "apn",
    )),
)  # fmt: skip
"""Read over: what is left of the key decides."""

_ID_NUMBER = r"(?<!gr)(?<!val)(?<!flu)(?<!sol)(?<!liqu)(?<!andro)id(?:no\d*$|num|card)"
"""`idNo` and `id_card`, but not `grid_no` or `valid_notice`."""

_FORBIDDEN_WHOLE = frozenset({"tel", "img", "pic", "xm", "sjh", "sfz", "sfzh", "rlzp"})
"""Abbreviations, too short to be looked for inside other words; some are pinyin initials."""

_PERSON_KEYS = "person|resident|tenant|owner|visitor|householder|cardholder|住户|业主|租户|访客"
"""Where text belongs only if it is a pseudonym."""

_KEY = re.compile(f"(?:{'|'.join(_HARMLESS)})|({'|'.join(_FORBIDDEN)}|{_ID_NUMBER})")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_PERSON_KEY = re.compile(_PERSON_KEYS)
_PSEUDONYM = re.compile(r"p-?[0-9a-f]{0,64}", re.IGNORECASE)
_NUMBER_OF_A_PERSON = re.compile(
    r"(?<![0-9A-Za-z.])(?:"
    r"(?:(?:\+|00)?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"  # mobile number
    r"|0\d{2,3}-\d{7,8}"  # landline with its area code
    r"|\d{6}(?:18|19|20)\d{2}[01]\d[0-3]\d{4}[\dXx]"  # identity number, GB 11643
    r")(?![0-9A-Za-z])"
)
_IDENTITY_NUMBER = re.compile(r"(?<!\d)\d{6}(?:18|19|20)\d{2}[01]\d[0-3]\d{4}[\dXx](?!\d)")
_IMAGE = re.compile(
    "data:image|/9j/4|iVBORw0KGgo|R0lGOD[dl]h|UklGR.{4,12}V0VCU|(?:ffd8ff|89504e470d0a)[0-9a-f]{16}"
)
"""How JPEG, PNG, GIF and WebP begin in base64 or hexadecimal."""
_IMAGE_BYTES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF89a", b"GIF87a", b"WEBPVP8")

_LONGEST_HARMLESS_TEXT = 512
_FACE_VECTOR = 128
"""Numbers of the shortest in wide use (general knowledge); a day of quarter hours has 96."""

_QUOTED_KEY = re.compile(r'"([^"]*)"\s*:(?!\s*(?:true|false|null)\b)')
_BARE_KEY = re.compile(
    r"(?:(?<=[\s{\[,;&?'])|^)'?(\w[\w-]*)'?\s*[:=](?!\s*(?:true|false|null)\b)|<(\w+)"
)
_PERSON_TEXT = re.compile(
    rf'"(?:{_PERSON_KEYS})"\s*:\s*"(?!(?i:p-?[0-9a-f]{{0,64}})")[^"]', re.IGNORECASE
)
_OWN_NUMBER = re.compile(r'"(?:device|serial|id)"\s*:\s*"[0-9A-Za-z_.-]{0,64}"')
"""A meter's number may have the eleven digits of a mobile number."""
_LONG_TEXT = re.compile(r"(?<![0-9A-Za-z+/=_-])[0-9A-Za-z+/=_-]{513}")
_LONG_LIST = re.compile(r"(?:[-+]?[0-9][0-9.eE+-]{0,30}\s{0,9},\s{0,9}){127}")
_ESCAPED = re.compile(r"(?<!\\)\\+u([0-9a-fA-F]{4})")


def is_personal_key(key: str) -> bool:
    """Return whether a field of this name carries personal data, however it is spelt."""
    plain = _plain(key)
    if any(match[1] for match in _KEY.finditer(plain)):
        return True
    words = {word.lower() for word in _WORD.findall(key)}
    return not _FORBIDDEN_WHOLE.isdisjoint(words | {plain})


def is_personal_value(value: object) -> bool:
    """Return whether a value of an unknown field holds a phone or identity number or an image.

    Text above 512 characters is taken for an image or a feature vector, and so is a list of 128
    or more numbers. JSON within a text is judged by its keys.
    """
    if isinstance(value, str):
        return _is_personal_text(value)
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return _NUMBER_OF_A_PERSON.fullmatch(_digits(value)) is not None
    return (
        isinstance(value, list)
        and len(value) >= _FACE_VECTOR
        and all(isinstance(number, int | float) for number in value)
    )


def personal_fields(tree: object, path: str = "") -> Iterator[str]:
    """Yield the path of each personal field in a JSON value, at any depth that JSON was parsed."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            here = f"{path}.{key}" if path else str(key)
            if _is_personal(str(key), value):
                yield here
            else:
                yield from personal_fields(value, here)
    elif isinstance(tree, list):
        for position, value in enumerate(tree):
            here = f"{path}[{position}]"
            if is_personal_value(value):
                yield here
            else:
                yield from personal_fields(value, here)


def mentions_personal_data(payload: bytes) -> bool:
    """Return whether bytes that were refused may hold personal data all the same.

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


def _is_personal_text(text: str) -> bool:
    if len(text) > _LONGEST_HARMLESS_TEXT:
        return True
    plain = _unescaped(unicodedata.normalize("NFKC", text))
    return (
        _NUMBER_OF_A_PERSON.search(plain) is not None
        or _IMAGE.search(plain) is not None
        or any(is_personal_key(key) for key in _QUOTED_KEY.findall(plain))
    )


def _may_be_personal(text: str) -> bool:
    return (
        any(is_personal_key(key) for key in _QUOTED_KEY.findall(text))
        or any(is_personal_key(bare or tag) for bare, tag in _BARE_KEY.findall(text))
        or any(pattern.search(text) for pattern in (_PERSON_TEXT, _IMAGE, _LONG_TEXT, _LONG_LIST))
        or _IDENTITY_NUMBER.search(text) is not None
        or _NUMBER_OF_A_PERSON.search(_OWN_NUMBER.sub("", text)) is not None
    )


def _texts(payload: bytes) -> Iterator[str]:
    """Yield the payload as the texts it may be, escapes resolved at whatever depth they stand."""
    narrow = payload.replace(b"\0", b"")
    try:
        yield _unescaped(unicodedata.normalize("NFKC", narrow.decode()))
    except UnicodeDecodeError:
        yield _unescaped(unicodedata.normalize("NFKC", narrow.decode("utf-8", "replace")))
        yield _unescaped(unicodedata.normalize("NFKC", narrow.decode("gb18030", "replace")))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text).replace("\\", "")


def _plain(key: str) -> str:
    folded = unicodedata.normalize("NFKC", key).casefold()
    return "".join(letter for letter in folded if letter.isalpha() or letter.isdigit())


def _digits(number: float) -> str:
    """Whole numbers without their `.0`; beyond 64 bits there is no number of a person."""
    return str(int(number)) if abs(number) < 2**63 and number == int(number) else ""
