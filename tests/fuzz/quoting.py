"""Payloads and other texts as TOML quotes them."""

import json


def payload_line(payload: bytes) -> str:
    """Return the line of a sample's file that holds a payload; in hexadecimal if it is no text."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return f'payload_hex = "{payload.hex()}"'
    return f"payload = {quoted(text)}"


def quoted(text: str) -> str:
    """Return a text as TOML quotes it: as JSON does, and DEL escaped as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
