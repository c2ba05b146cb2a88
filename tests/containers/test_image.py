"""The image: who it runs as, what it may write, how it ends, what it keeps."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from devices.instant import iso_of
from ingest.clock import MachineClock, stopwatch
from tests.containers.docker import ROOT, UID, docker, health, inspected, rights_of, until

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900)]
BROKER, SERVICE, VOLUME = "gridwatch-check-broker", "gridwatch-check-service", "gridwatch-check"
LARGEST_MB = 100
"""What the image may add to its base: 71 MB were measured."""
MEMORY_MB = 256
"""116 MB were measured (docs/operations.md)."""
FLOOD = "simulate run --since 3d --until now --speed 100000 --gateways 4"
GIVEN = {"devices", "rules", "ingest", "pyproject.toml", "constraints.txt", "README.md", "LICENSE"}
HISTORY = ("gridwatch", "query", "history", "wm-1", "--format", "json")
METRICS = "http://127.0.0.1:9464/metrics"
ASK = f"import urllib.request as r; print(r.urlopen('{METRICS}').read().decode())"
BOUNDS = (
    *("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--pids-limit", "64"),
    *("--security-opt", "no-new-privileges:true", "--memory", f"{MEMORY_MB}m"),
    *("--health-interval", "2s"),
)
CONFIGURATION = """\
listener 1883 127.0.0.1
allow_anonymous true
persistence true
persistence_location /tmp/
max_queued_messages 1000000
max_inflight_messages 0
"""
"""By default Mosquitto lets go of what a session has above 1,000 waiting."""


def gone() -> None:
    for name in (SERVICE, BROKER):
        docker("rm", "--force", "--volumes", name)
    docker("volume", "rm", "--force", VOLUME)


@pytest.fixture
def broker(image: str, variables: Mapping[str, str], tmp_path: Path) -> Iterator[str]:
    """Start a broker in a network namespace that has loopback alone, which the service joins."""
    file = tmp_path / "mosquitto.conf"
    file.write_text(CONFIGURATION, encoding="utf-8")
    tmp_path.chmod(0o755)
    given = f"{file}:/mosquitto.conf:ro"
    gone()
    docker(
        *("run", "--detach", "--name", BROKER, "--network", "none", "--read-only"),
        *("--tmpfs", "/tmp", "--user", str(UID), "--volume", given),
        *(variables["MOSQUITTO_IMAGE"], "mosquitto", "-c", "/mosquitto.conf"),
    )
    yield BROKER
    gone()


def start(image: str) -> None:
    """Start the service on the volume and return when it is healthy."""
    journal = f"{VOLUME}:/var/lib/gridwatch"
    network = f"container:{BROKER}"
    docker(
        *("run", "--detach", "--name", SERVICE, "--network", network, *BOUNDS),
        *("--volume", journal, image),
    )
    until(lambda: health(SERVICE) == "healthy")


def publish(counts: Sequence[float]) -> None:
    """Publish readings and return when the broker has them."""
    for count in counts:
        at = iso_of(MachineClock().now())
        told = {"v": 1, "type": "telemetry", "device": "wm-1", "measured_at": at}
        text = json.dumps({**told, "cumulative_m3": count})
        topic = "gw/v1/water_meter/wm-1/up"
        docker("exec", BROKER, *("mosquitto_pub", "-q", "1", "-t", topic, "-m", text))


def stored() -> list[float]:
    lines = docker("exec", SERVICE, *HISTORY)
    return sorted(json.loads(line)["cumulative_m3"] for line in lines.splitlines())


def metric(name: str) -> float:
    """Return the sum over all labels."""
    lines = docker("exec", SERVICE, "python", "-c", ASK).splitlines()
    found = [line for line in lines if line.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(line.split()[-1]) for line in found)


def test_the_service_runs_as_nobody_special_without_rights_on_a_root_it_cannot_write(
    image: str, broker: str
) -> None:
    start(image)
    rights = rights_of(docker("exec", SERVICE, "cat", "/proc/1/status"))
    listed = docker("exec", SERVICE, "stat", "--format", "%a", "/var/lib/gridwatch/gridwatch.db")

    assert rights == {"Uid": "\t".join([str(UID)] * 4), "CapEff": "0" * 16, "NoNewPrivs": "1"}
    assert listed == "600"
    with pytest.raises(AssertionError, match="Read-only file system"):
        docker("exec", SERVICE, "touch", "/opt/gridwatch/new")


def test_the_check_of_health_fails_where_no_service_answers(image: str) -> None:
    (built,) = json.loads(docker("image", "inspect", image))
    kind, *check = built["Config"]["Healthcheck"]["Test"]
    alone = ["docker", "run", "--rm", "--network", "none", "--entrypoint", check[0], image]
    outcome = subprocess.run([*alone, *check[1:]], check=False, capture_output=True, timeout=60)

    assert kind == "CMD"
    assert outcome.returncode == 1
    assert b"Connection refused" in outcome.stderr


def test_what_was_stored_outlives_the_container_whether_it_is_stopped_or_killed(
    image: str, broker: str
) -> None:
    start(image)
    publish([1.0])
    until(lambda: stored() == [1.0])
    began = stopwatch()
    docker("stop", SERVICE)
    took_s = stopwatch() - began
    ended = inspected(SERVICE)["State"]["ExitCode"]
    docker("rm", SERVICE)

    publish([2.0])
    start(image)
    until(lambda: stored() == [1.0, 2.0])
    docker("kill", SERVICE)
    docker("rm", SERVICE)
    publish([3.0])
    start(image)
    until(lambda: stored() == [1.0, 2.0, 3.0])

    assert (ended, took_s < 10) == (0, True)


def test_the_limit_of_memory_is_in_force_and_is_enough_for_a_flood(image: str, broker: str) -> None:
    start(image)
    files = "/sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes"
    limit = docker("exec", SERVICE, "sh", "-c", f"cat {files} 2>/dev/null || true")
    flood = docker("run", "--rm", "--network", f"container:{BROKER}", image, *FLOOD.split())
    published = json.loads(flood.splitlines()[-1])["published"]
    until(lambda: metric("gridwatch_messages_received_total") >= published, 120)
    held_mb = metric("process_resident_memory_bytes") / 10**6
    print(f"{published} messages; the service then holds {held_mb:.0f} MB")  # noqa: T201

    assert published > 10_000
    assert int(limit) == MEMORY_MB << 20
    assert inspected(SERVICE)["State"]["Running"]
    assert not inspected(SERVICE)["State"]["OOMKilled"]


def test_the_image_adds_little_to_its_base(image: str, variables: Mapping[str, str]) -> None:
    sizes = [
        int(docker("image", "inspect", "--format", "{{.Size}}", name))
        for name in (image, variables["PYTHON_IMAGE"])
    ]

    assert sizes[0] - sizes[1] < LARGEST_MB * 10**6


def test_the_builder_is_given_what_the_image_is_made_of_and_nothing_else(
    variables: Mapping[str, str], tmp_path: Path
) -> None:
    """Secrets of `deploy/run` would stay in the engine."""
    file = tmp_path / "Containerfile"
    file.write_text(f"FROM {variables['PYTHON_IMAGE']}\nCOPY . /given\n", encoding="utf-8")
    listing = "gridwatch-check:given"
    docker("build", "-f", file, "-t", listing, ROOT)
    given = docker("run", "--rm", "--network", "none", listing, "ls", "-A", "/given").split()
    docker("image", "rm", listing)

    assert set(given) == GIVEN | {".dockerignore"} & set(given)
