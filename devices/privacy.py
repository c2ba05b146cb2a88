"""Personal data: what must never enter, and how it is recognised.

The Measures for the Security Management of Face Recognition (in force 2025-06-01) keep face data in
the device; the Personal Information Protection Law treats it as sensitive. A person is a
pseudonymous id whose form leaves no room for a name, a phone or an identity number.
"""

import re
from collections.abc import Iterator, Mapping

PERSON_PATTERN = r"^p-[0-9a-f]{16}$"
"""`p-` and 16 hexadecimal digits: longer than a mobile number (11), shorter than an identity
number (18), and no room for a name."""

DWELLING_PATTERN = r"^d-[0-9a-f]{16}$"
"""`d-` and 16 hexadecimal digits."""

_FORBIDDEN_WORDS = (
    "face", "feature", "photo", "image", "picture", "snapshot", "selfie", "avatar", "embedding",
    "name", "surname", "phone", "mobile", "telephone", "cellphone",
    "idcard", "idnumber", "idno", "identity", "identitynumber", "identitycard", "passport",
    "xingming", "shouji", "shenfenzheng",
    "人脸", "特征", "照片", "图像", "图片", "抓拍", "姓名", "电话", "手机", "身份证", "证件号",
)  # fmt: skip
_HARMLESS_KEYS = frozenset({"firmwarename", "modelname", "filename", "hostname"})
_FORBIDDEN_KEY = re.compile("|".join(_FORBIDDEN_WORDS))
_JSON_KEY = re.compile(r'"((?:[^"\\]|\\.){1,128})"\s*:')
_MOBILE_NUMBER = re.compile(r"(?:\+?86)?1[3-9]\d{9}")
_IDENTITY_NUMBER = re.compile(r"\d{6}(?:18|19|20)\d{2}[01]\d[0-3]\d{4}[\dXx]")
_LONGEST_HARMLESS_TEXT = 512


def is_personal_key(key: str) -> bool:
    """Return whether a field of this name carries personal data, however it is spelt."""
    plain = "".join(letter for letter in key.lower() if letter.isalnum())
    return plain not in _HARMLESS_KEYS and _FORBIDDEN_KEY.search(plain) is not None


def is_personal_value(value: object) -> bool:
    """Return whether a value of an unknown field is a phone or identity number or holds an image.

    Text above 512 characters is taken for an image or a feature vector, and so is a list of 32 or
    more numbers.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str):
        return (
            len(value) > _LONGEST_HARMLESS_TEXT
            or _MOBILE_NUMBER.fullmatch(value) is not None
            or _IDENTITY_NUMBER.fullmatch(value) is not None
        )
    return isinstance(value, list) and len(value) >= 32


def personal_fields(tree: object, path: str = "") -> Iterator[str]:
    """Yield the path of each personal field in a JSON value, at any depth that JSON was parsed."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            here = f"{path}.{key}" if path else str(key)
            if is_personal_key(str(key)) or is_personal_value(value):
                yield here
            else:
                yield from personal_fields(value, here)
    elif isinstance(tree, list):
        for position, value in enumerate(tree):
            yield from personal_fields(value, f"{path}[{position}]")


def mentions_personal_data(payload: bytes) -> bool:
    """Return whether bytes that could not be decoded name a personal field all the same."""
    text = payload.decode("utf-8", "replace")
    return any(is_personal_key(_unescaped(key)) for key in _JSON_KEY.findall(text))


def _unescaped(key: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), key)
