"""Configuration: from a TOML file and the environment to settings, or a clear refusal."""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ingest.settings import ENVIRONMENT_PREFIX, Settings

SETTINGS_VARIABLE = f"{ENVIRONMENT_PREFIX}SETTINGS"
"""The environment variable that names the settings file; not a setting itself."""


class SettingsError(Exception):
    """The service refuses to start; the text names each key and what was expected there."""


def load_settings(path: Path | None) -> Settings:
    """Return the settings of a TOML file (None: defaults) with the environment on top.

    Raises SettingsError with a line for each thing that is wrong.
    """
    tree = _read(path) if path else {}
    origin = str(path) if path else "environment"
    complaints = [*_unknown_variables(os.environ)]
    try:
        settings = Settings(**tree)  # type: ignore[arg-type]
    except ValidationError as error:
        complaints += [_complaint(detail) for detail in error.errors(include_url=False)]
    else:
        complaints += _contradictions(settings)
    if complaints:
        raise SettingsError("\n".join(f"{origin}: {complaint}" for complaint in complaints))
    return settings


def secret_of(value: SecretStr | None, file: Path | None, key: str) -> str | None:
    """Return the secret itself: the value, or the first line of the file, or None.

    Raises SettingsError, which names `key` and never the secret, when the file can't be read.
    """
    if file is None:
        return value.get_secret_value() if value else None
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{key}_file: can't read {file}: {error.__class__.__name__}") from None
    if not lines or not lines[0]:
        raise SettingsError(f"{key}_file: expected the secret on the first line of {file}")
    return lines[0]


def setting_keys(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Yield every key there is, such as `mqtt.port`."""
    for name, field in model.model_fields.items():
        section = section_of(field)
        if section:
            yield from setting_keys(section, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the table that a field of the settings holds, None where it holds a value."""
    candidates = (field.annotation, *get_args(field.annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: can't read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: expected TOML: {error}") from None


def _unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    known = {_variable(key) for key in setting_keys()} | {SETTINGS_VARIABLE}
    sections = {_variable(section) for section in Settings.model_fields}
    for name in sorted(environment):
        if name.upper().startswith(ENVIRONMENT_PREFIX) and name.upper() not in known | sections:
            yield f"{name}: unknown variable{_nearest(name.upper(), known)}"


def _variable(key: str) -> str:
    return ENVIRONMENT_PREFIX + key.replace(".", "__").upper()


def _complaint(detail: ErrorDetails) -> str:
    key = ".".join(str(level) for level in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"{key}: unknown key{_nearest(key, setting_keys())}"
    return f"{key}: {detail['msg']}"


def _nearest(word: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {nearest[0]}?" if nearest else ""


def _contradictions(settings: Settings) -> Iterator[str]:
    mqtt = settings.mqtt
    if (mqtt.cert_file is None) != (mqtt.key_file is None):
        yield "mqtt.cert_file, mqtt.key_file: expected both or neither"
    if not mqtt.tls and (mqtt.ca_file or mqtt.cert_file):
        yield "mqtt.tls: expected true where mqtt.ca_file or mqtt.cert_file is set"
    if mqtt.password and mqtt.password_file:
        yield "mqtt.password, mqtt.password_file: expected one of them"
    if settings.batch.messages > mqtt.receive_maximum:
        yield "batch.messages: expected at most mqtt.receive_maximum, or a batch never fills"
