"""Settings: one TOML file plus environment, frozen, unknown keys refused."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

ENVIRONMENT_PREFIX = "GRIDWATCH_"

Seconds: TypeAlias = Annotated[float, Field(gt=0, le=86_400)]
Days: TypeAlias = Annotated[float, Field(gt=0, le=3_660)]
Port: TypeAlias = Annotated[int, Field(ge=0, le=65_535)]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=256)]
Megabytes: TypeAlias = Annotated[float, Field(gt=0, le=100_000_000)]

_TOPIC_FILTER = r"^(([^/+#\s]*|\+)/)*([^/+#\s]+|\+|#)$"
_URL = r"^https?://[^@?#\s]+$"
PATTERNS = {
    _TOPIC_FILTER: "a topic filter without blanks: + as a whole level, # as the last one",
    _URL: "http:// or https://, host and port; no user name, password or query",
}
"""What a person is told who wrote a text of another form."""

Url: TypeAlias = Annotated[str, Field(pattern=_URL)]
TopicFilter: TypeAlias = Annotated[str, Field(max_length=256, pattern=_TOPIC_FILTER)]


class Section(BaseModel):
    """A table of the settings file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


class MqttSettings(Section):
    """The broker, and the session the service keeps there."""

    host: Text = "127.0.0.1"
    """Host name or address of the broker."""
    port: Annotated[Port, Field(ge=1)] = 1883
    """Port of the broker; 8883 is usual with TLS."""
    client_id: Annotated[str, Field(min_length=1, max_length=64)] = "gridwatch"
    """Fixed: under this name the broker keeps messages while the service is away."""
    username: Text | None = None
    """User name."""
    password: SecretStr | None = None
    """Password; `password_file` keeps it out of this file."""
    password_file: Path | None = None
    """File whose first line is the password."""
    tls: bool = False
    """Whether to connect by TLS."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    cert_file: Path | None = None
    """Our certificate, for mutual TLS."""
    key_file: Path | None = None
    """The key of our certificate."""
    topics: Annotated[tuple[TopicFilter, ...], Field(min_length=1, max_length=32)] = (
        "gw/v1/+/+/up",
        "gw/v1/+/+/reply",
        "gw/v1/+/+/status",
    )
    """Topic filters to subscribe to, at QoS 1; others of an earlier run are unsubscribed."""
    keep_alive_s: Annotated[int, Field(ge=5, le=3_600)] = 30
    """Seconds between pings when nothing else is said."""
    session_expiry_s: Annotated[int, Field(ge=60, le=0xFFFF_FFFF)] = 14 * 86_400
    """Seconds the broker keeps our session while we are away."""
    receive_maximum: Annotated[int, Field(ge=1, le=65_535)] = 10_000
    """Messages that may be unacknowledged at once; the bound of the service's memory."""
    connect_timeout_s: Seconds = 10.0
    """Time limit of one attempt to connect."""
    longest_backoff_s: Seconds = 30.0
    """The longest wait between attempts to connect."""


class AcceptSettings(Section):
    """Which device times are believed."""

    ahead_s: Annotated[float, Field(ge=0, le=86_400)] = 300.0
    """How many seconds a device's clock may be ahead of ours."""
    age_days: Days = 40.0
    """The age of the oldest reading taken."""
    device_messages: Annotated[int, Field(ge=0, le=10_000_000)] = 20_000
    """Messages taken of one device in 10 s, or so many times 256 bytes; more is let go. 0: all."""


class BatchSettings(Section):
    """The micro-batch: what is committed, and then acknowledged, as one."""

    messages: Annotated[int, Field(ge=1, le=50_000)] = 2_000
    """Messages at most."""
    linger_ms: Annotated[float, Field(ge=0, le=1_000)] = 5.0
    """How many milliseconds the first message waits for company."""


class JournalSettings(Section):
    """The durable journal, which is the embedded store as well."""

    path: Path = Path("gridwatch.db")
    """The database file; `-wal` and `-shm` stand beside it."""
    retention_days: Days = 41.0
    """How long readings are kept after they arrived; above `accept.age_days` no repeat escapes."""
    max_mb: Annotated[Megabytes, Field(ge=4)] = 20_480.0
    """Size limit in MB. Readings that every sink has leave early to keep it; others never do."""
    dead_letter_days: Days = 30.0
    """How long dead letters are kept."""
    dead_letter_mb: Megabytes = 64.0
    """How many MB of payload the dead letters may hold."""


class InfluxSettings(Section):
    """A database of the InfluxDB family."""

    url: Annotated[str, Field(pattern=_URL)] = "http://127.0.0.1:8086"
    """Where it listens; credentials do not belong here."""
    api: Literal["v1", "v2"] = "v2"
    """`v1` for InfluxDB 1.x; `v2` for 1.8+, 2.x, 3.x and VictoriaMetrics."""
    org: Text = "-"
    """Organisation (v2)."""
    bucket: Text = "gridwatch"
    """Bucket (v2) or database (v1)."""
    token: SecretStr | None = None
    """Token (v2); `token_file` keeps it out of this file."""
    token_file: Path | None = None
    """File whose first line is the token."""
    username: Text | None = None
    """User name (v1)."""
    password: SecretStr | None = None
    """Password (v1); `password_file` keeps it out of this file."""
    password_file: Path | None = None
    """File whose first line is the password."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    lines: Annotated[int, Field(ge=1, le=5_000)] = 5_000
    """Lines a request, at most."""
    timeout_s: Seconds = 10.0
    """Time limit of one request."""
    longest_backoff_s: Seconds = 30.0
    """The longest wait between tries while the database is away."""


class SinkSettings(Section):
    """Where committed readings go besides the journal; each sink has a cursor of its own."""

    influx: InfluxSettings | None = None
    """Write to a database of the InfluxDB family."""
    discard: bool = False
    """A sink that drops everything, to measure the path up to it."""


class AlertmanagerSettings(Section):
    """One or more Alertmanagers; each is told everything, as a cluster of them wants it."""

    urls: Annotated[tuple[Url, ...], Field(min_length=1, max_length=8)] = ("http://127.0.0.1:9093",)
    """Where they listen; credentials do not belong here."""
    interval_s: Annotated[float, Field(gt=0, le=3_600)] = 60.0
    """Seconds between posts of what fires. After four without one, silence is taken for the end."""
    runbooks: Url | None = None
    """Where the files of this project can be read, for links to what to do; none: paths in it."""
    token: SecretStr | None = None
    """Bearer token; `token_file` keeps it out of this file."""
    token_file: Path | None = None
    """File whose first line is the token."""
    username: Text | None = None
    """User name (basic authentication)."""
    password: SecretStr | None = None
    """Password; `password_file` keeps it out of this file."""
    password_file: Path | None = None
    """File whose first line is the password."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    timeout_s: Seconds = 10.0
    """Time limit of one request."""
    longest_backoff_s: Seconds = 30.0
    """The longest wait between tries while it is away."""


class OutletSettings(Section):
    """Where alerts go besides the journal, provided that `rules.judge` is on."""

    influx: bool = True
    """Write every transition to the database of `[sink.influx]`, if there is one."""
    mqtt: bool = True
    """Publish each alert as it is, retained, on `gw/v1/alerts/<area>/<rule>/<subject>`."""
    mqtt_keep_resolved_s: Annotated[float, Field(gt=0, le=2_592_000)] = 86_400.0
    """Seconds that a resolved alert stays on its topic."""
    alertmanager: AlertmanagerSettings | None = None
    """Tell Alertmanagers."""


class RulesSettings(Section):
    """The rules that judge readings."""

    judge: bool = True
    """Whether the rules judge what comes in; they take more than half of a reading's CPU."""
    limits: Path | None = None
    """Limits in a file as the registry's `limits.csv`; its rows win, a change needs no restart."""
    area_level: Literal["district", "street", "community", "grid"] = "community"
    """The areas in which devices that fall silent together are one incident."""


class AlertsSettings(Section):
    """How alerts are counted in metrics."""

    label_level: Literal["city", "district", "street", "community", "grid"] = "street"
    """The level of area that labels the metrics of alerts."""
    label_areas: Annotated[int, Field(ge=0, le=10_000)] = 200
    """Areas that get a label of their own, the first to have an alert; others are `other`."""


class HttpSettings(Section):
    """The endpoint of `/metrics`, `/healthz` and `/readyz`."""

    host: Text = "127.0.0.1"
    """Address to listen on."""
    port: Port = 9464
    """Port to listen on; 0 takes any free one and logs it."""
    token: SecretStr | None = None
    """What `/metrics` and the details of health ask for; `token_file` keeps it out of this file."""
    token_file: Path | None = None
    """File whose first line is the token."""
    cert_file: Path | None = None
    """Our certificate, to listen by TLS; beside it those of the authorities between."""
    key_file: Path | None = None
    """The key of our certificate."""


class LogSettings(Section):
    """What is said, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least grave record that is written."""
    format: Literal["text", "json"] = "text"
    """`text` for people, `json` for machines."""


class Settings(BaseSettings):
    """All settings. An environment variable such as GRIDWATCH_MQTT__HOST overrides the file."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )
    mqtt: MqttSettings = MqttSettings()
    accept: AcceptSettings = AcceptSettings()
    batch: BatchSettings = BatchSettings()
    journal: JournalSettings = JournalSettings()
    rules: RulesSettings = RulesSettings()
    alerts: AlertsSettings = AlertsSettings()
    outlet: OutletSettings = OutletSettings()
    sink: SinkSettings = SinkSettings()
    http: HttpSettings = HttpSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, and nothing else take part."""
        return env_settings, init_settings
