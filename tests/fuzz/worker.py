"""`python -m tests.fuzz.worker TARGET FOLDER [FLAG OF LIBFUZZER]...`: fuzz one target.

Ends only as libFuzzer ends it. Writes an input for each defect, and tells of it: `finding PATH: how
it breaks the law`.

Context: payloads are validated by compiled code, where the fuzzer sees no branches.
Decision: each thing that such code is seen to say, the reason and place of a refusal or the fields
of a reading, gets a branch of its own the first time it is said.
"""

import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(
    include=["devices", "ingest.intake", "ingest.sinks.line_protocol"], enable_loader_override=False
):
    from tests.fuzz.targets import Target, targets

from tests.fuzz.law import BrokenLawError, Landmarks
from tests.fuzz.mutation import mutated
from tests.fuzz.run import FOUND

_MOST_FINDINGS = 20
_MOST_LANDMARKS = 5_000
_OWN_SHARE = 0.5
"""Of the mutations; libFuzzer does the others."""


class Signposts:
    """A branch of the fuzzer's for each landmark, up to a bound."""

    def __init__(self) -> None:
        self._branches: dict[str, Callable[[], None]] = {}

    def pass_by(self, landmarks: Landmarks) -> None:
        """Run through the branches of these landmarks."""
        for landmark in landmarks:
            branch = self._branches.get(landmark)
            if branch is None and len(self._branches) < _MOST_LANDMARKS:
                branch = self._branches[landmark] = atheris.instrument_func(_branch())
            if branch is not None:
                branch()


def _branch() -> Callable[[], None]:
    def branch() -> None:
        """Be there to be seen."""

    return branch


class Worker:
    """Judges what the fuzzer makes, and keeps what breaks the law."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target = target
        self._folder = folder
        self._signposts = Signposts()
        self._found: set[str] = set()

    def judge(self, sent: bytes) -> None:
        """Judge an input; each way to break the law is told once."""
        try:
            self._signposts.pass_by(self._target.judge(sent))
        except BrokenLawError as broken:
            self._keep(sent, str(broken))

    def mutate(self, sent: bytes, most: int, seed: int) -> bytes:
        """Return a mutation of at most so many bytes."""
        dice = Random(seed)
        if dice.random() < _OWN_SHARE:
            made = mutated(bytes(sent), dice, self._target.seeds)
            if made is not None and len(made) <= most:
                return made
        return bytes(atheris.Mutate(sent, most))

    def _keep(self, sent: bytes, broken: str) -> None:
        if broken in self._found or len(self._found) >= _MOST_FINDINGS:
            return
        self._found.add(broken)
        path = self._folder / f"{self._target.name}.{FOUND}-{sha256(sent).hexdigest()[:12]}"
        path.write_bytes(sent)
        sys.stdout.write(f"finding {path}: {broken}\n")
        sys.stdout.flush()


def main() -> None:
    """Fuzz until libFuzzer ends the process."""
    name, folder, *flags = sys.argv[1:]
    worker = Worker(targets()[name], Path(folder))
    atheris.Setup([sys.argv[0], *flags], worker.judge, custom_mutator=worker.mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
