"""Configuration: from a TOML file and the environment to settings, or a clear refusal."""

import json
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import get_args, get_origin

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ingest.coherence import contradictions
from ingest.settings import ENVIRONMENT_PREFIX, PATTERNS, Settings

SETTINGS_VARIABLE = f"{ENVIRONMENT_PREFIX}SETTINGS"
"""The environment variable that names the settings file; not a setting itself."""
ADMIN_PASSWORD_VARIABLE = f"{ENVIRONMENT_PREFIX}ADMIN_PASSWORD_FILE"
"""The environment variable that `gridwatch device` takes; the service has no use for it."""
_NO_SETTINGS = (SETTINGS_VARIABLE, ADMIN_PASSWORD_VARIABLE)


class SettingsError(Exception):
    """The service refuses to start; the text names each key and what was expected there."""


def load_settings(path: Path | None) -> Settings:
    """Return the settings of a TOML file (None: defaults) with the environment on top.

    Raises SettingsError with a line for each thing that is wrong; no line holds a value.
    """
    tree = _read(path) if path else {}
    in_file = list(_file_complaints(tree))
    complaints = [f"{path}: {complaint}" for complaint in in_file]
    complaints += _malformed_variables(os.environ)
    if complaints:
        raise SettingsError("\n".join(complaints))
    try:
        settings = Settings(**tree)  # type: ignore[arg-type]
    except ValidationError as error:
        complaints = [
            f"{variable_of(_key_of(detail))}: {_expected(detail)}" for detail in _details(error)
        ]
    else:
        complaints = [f"{path or 'settings'}: {each}" for each in contradictions(settings)]
    if complaints:
        raise SettingsError("\n".join(complaints))
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


def settings_fields(
    model: type[BaseModel] = Settings, prefix: str = ""
) -> Iterator[tuple[str, FieldInfo]]:
    """Yield every key there is, such as `mqtt.port`, with its field."""
    for name, field in model.model_fields.items():
        section = section_of(field)
        if section:
            yield from settings_fields(section, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the table that a field of the settings holds, None where it holds a value."""
    candidates = (field.annotation, *get_args(field.annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)


def variable_of(key: str) -> str:
    """Return the environment variable of a key: GRIDWATCH_MQTT__PORT of `mqtt.port`."""
    return ENVIRONMENT_PREFIX + key.replace(".", "__").upper()


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: can't read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: expected TOML: {error}") from None


def _file_complaints(tree: Mapping[str, object]) -> Iterator[str]:
    """Yield what is wrong in the file alone.

    By strict rules, because TOML has types: `port = true` or `port = "1883"` is a mistake. In the
    environment everything is text.
    """
    for name, table in tree.items():
        field = Settings.model_fields.get(name)
        if field is None:
            yield _unknown(name)
            continue
        try:
            # A field of the settings always has a type.
            TypeAdapter[object](field.annotation or object).validate_json(_json(table), strict=True)
        except ValidationError as error:
            for detail in _details(error):
                key = _key_of(detail, name)
                unknown = detail["type"] == "extra_forbidden"
                yield _unknown(key) if unknown else f"{key}: {_expected(detail)}"


def _details(error: ValidationError) -> Iterator[ErrorDetails]:
    """Yield what is wrong; a list is not called too short because its members are refused."""
    details = error.errors()
    members = {detail["loc"][:-1] for detail in details}
    for detail in details:
        if detail["type"] != "too_short" or detail["loc"] not in members:
            yield detail


def _json(table: object) -> str:
    """Return the table as JSON; a date, which no setting is, becomes an object to be refused."""
    return json.dumps(table, default=lambda _: {})


def _malformed_variables(environment: Mapping[str, str]) -> Iterator[str]:
    fields = {variable_of(key): field for key, field in settings_fields()}
    for name, value in sorted(environment.items()):
        variable = name.upper()
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in _NO_SETTINGS:
            continue
        if variable not in fields:
            yield f"{name}: unknown variable{_meant(_nearest(variable, fields))}"
        elif get_origin(fields[variable].annotation) is tuple and not _is_json_list(value):
            yield f'{name}: expected a JSON list, such as ["one","two"]'


def _is_json_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False


def _key_of(detail: ErrorDetails, *outer: str) -> str:
    """Return the key; the position within a list counts from 0, as in `mqtt.topics.0`."""
    return ".".join((*outer, *map(str, detail["loc"])))


def _expected(detail: ErrorDetails) -> str:
    if detail["type"] == "model_type":
        return "expected a table"
    if detail["type"] == "too_short":
        return "expected at least one"
    if detail["type"] == "string_pattern_mismatch":
        return f"expected {PATTERNS[detail['ctx']['pattern']]}"
    return detail["msg"].replace("Input should be", "expected", 1)


def _unknown(key: str) -> str:
    """Return the complaint with the neighbour most alike, else the same name in another table."""
    keys = [known for known, _ in settings_fields()]
    tables = {known.rpartition(".")[0] for known in keys}
    known = [*keys, *tables, *(table.partition(".")[0] for table in tables)]
    table, _, name = key.rpartition(".")
    neighbours = {_name_of(each): each for each in known if each.rpartition(".")[0] == table}
    near = _nearest(name, neighbours)
    namesakes = [each for each in keys if _name_of(each) == name]
    meant = neighbours[near] if near else next(iter(namesakes), None) or _nearest(key, known)
    return f"{key}: unknown key{_meant(meant)}"


def _name_of(key: str) -> str:
    return key.rpartition(".")[2]


def _nearest(word: str, known: Iterable[str]) -> str | None:
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


def _meant(word: str | None) -> str:
    return f"; did you mean {word}?" if word else ""
