"""A run of the fuzzer on one target, in a process of its own, and what it tells."""

import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.finding import keep
from tests.fuzz.targets import Target

_LIMIT_S = 20
"""Of one input by the wall clock, for what never ends; the law has a limit of its own."""
_MEMORY_MB = 1_024
_LONGEST = 66_000
_GRACE_S = 60
"""Until a process that does not end is ended; it takes some seconds to begin."""
_ENDINGS = {"crash": "ends the process", "timeout": "does not end", "oom": "fills the memory"}
_EXECUTIONS = re.compile(r"number_of_executed_units: (\d+)")
_COVERAGE = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")
_FINDING = re.compile(r"^finding (.+?): (.+)$", re.MULTILINE)
FOUND = "found"
"""How files begin that the fuzzer leaves with an input that breaks the law."""


class Run(NamedTuple):
    """For how long, and with which chance."""

    seconds: int
    seed: int


class Coverage(NamedTuple):
    """Branches that were reached, features with how often they were, inputs worth keeping."""

    branches: int
    features: int
    corpus: int


class Done(NamedTuple):
    """What a run came to."""

    target: str
    executions: int
    coverage: Coverage
    findings: tuple[Path, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """What people are told."""
        branches, features, corpus = self.coverage
        summary = (
            f"{self.target}: {self.executions:,} inputs, {branches:,} branches, {features:,} "
            f"features, corpus {corpus:,}, {len(self.findings)} found"
        )
        return (summary, *(f"  {path}" for path in self.findings))


def run(target: Target, folder: Path, asked: Run) -> Done:
    """Fuzz a target; RuntimeError if the fuzzer did not work."""
    corpus = _seeded(target, folder)
    command = (
        *(sys.executable, "-m", "tests.fuzz.worker", target.name, str(folder), str(corpus)),
        *(f"-max_total_time={asked.seconds}", f"-seed={asked.seed}", f"-max_len={_LONGEST}"),
        *(f"-timeout={_LIMIT_S}", f"-rss_limit_mb={_MEMORY_MB}", "-print_final_stats=1"),
        f"-artifact_prefix={folder}/{target.name}.",
    )
    limit_s = asked.seconds + _GRACE_S
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit_s)
    return told(target, folder, done.stdout + done.stderr)


def told(target: Target, folder: Path, said: str) -> Done:
    """Return what a fuzzer that has ended said and left behind; RuntimeError if that is nothing."""
    broken = dict(_FINDING.findall(said))
    left = sorted(folder.glob(f"{target.name}.*-*"))
    findings = [_adopted(target, path, broken.get(str(path))) for path in left]
    executions, coverage = _EXECUTIONS.search(said), _COVERAGE.findall(said)
    if not findings and not (executions and coverage):
        raise RuntimeError(f"{target.name}: the fuzzer says\n{said[-2_000:]}")
    return Done(
        target.name,
        int(executions[1]) if executions else 0,
        Coverage(*map(int, coverage[-1])) if coverage else Coverage(0, 0, 0),
        tuple(findings),
    )


def _seeded(target: Target, folder: Path) -> Path:
    """Put the samples into the corpus, which keeps what earlier runs found worth keeping."""
    corpus = folder / target.name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds:
        (corpus / sha256(seed).hexdigest()).write_bytes(seed)
    return corpus


def _adopted(target: Target, left: Path, broken: str | None) -> Path:
    """Make a finding of a file that was left; libFuzzer leaves one of what ended the process."""
    sent = left.read_bytes()
    left.unlink()
    ending = left.name.removeprefix(f"{target.name}.").partition("-")[0]
    return keep(left.parent, target, sent, broken or _ENDINGS.get(ending, ending))
