"""Dead letters: kept once, withheld where they may be personal, found again."""

from contextlib import closing
from pathlib import Path

from ingest.journal.batch import Batch, DeadLetter
from ingest.journal.database import open_reader
from ingest.journal.dead_letters import dead_letter, dead_letters
from ingest.journal.journal import Journal
from tests.journal.readings import START, letter, letters_in, opened, rows_of


async def test_the_same_message_refused_again_is_one_letter_that_counts(
    journal: Journal, path: Path
) -> None:
    for at in (START, START + 5, START + 9):
        await journal.commit(Batch(dead_letters=[letter(b"{", at), letter(b"{{", at)]))

    kept = letters_in(path)
    assert [(each.payload, each.times) for each in kept] == [(b"{{", 3), (b"{", 3)]
    assert {(each.first_at, each.last_at) for each in kept} == {(START, START + 9)}


async def test_stage_topic_and_reason_tell_letters_apart(journal: Journal, path: Path) -> None:
    same = letter(b"{")
    others = [
        same._replace(stage="store"),
        same._replace(topic="gw/v1/door/d-2/up"),
        same._replace(reason="wrong_type"),
    ]
    await journal.commit(Batch(dead_letters=[same, *others, same._replace(detail="line 2")]))

    assert len(letters_in(path)) == 4


async def test_of_a_withheld_payload_only_size_and_keyed_digest_are_kept(tmp_path: Path) -> None:
    secret = b'{"name":"..."}'
    digests = set()
    for name in ("a.db", "b.db"):
        async with opened(tmp_path / name) as journal:
            for _ in range(2):
                await journal.commit(Batch(dead_letters=[letter(secret, withheld=True)]))
        (kept,) = letters_in(tmp_path / name)
        digests |= set(rows_of(tmp_path / name, "SELECT digest FROM dead_letter"))

        assert (kept.payload, kept.size, kept.times) == (None, len(secret), 2)
        assert secret not in (tmp_path / name).read_bytes()
    assert len(digests) == 2


async def test_the_letters_that_came_last_are_listed_first(journal: Journal, path: Path) -> None:
    for at, payload in enumerate([b"a", b"b", b"c", b"a"]):
        await journal.commit(Batch(dead_letters=[letter(payload, START + at)]))

    with closing(open_reader(path)) as reader:
        assert [each.payload for each in dead_letters(reader, 2)] == [b"a", b"c"]
        second = dead_letter(reader, 2)
        assert second
        assert second.payload == b"b"
        assert dead_letter(reader, 9) is None


async def test_a_number_is_never_given_twice(journal: Journal, path: Path) -> None:
    await journal.commit(Batch(dead_letters=[letter(b"a"), letter(b"b")]))
    dropped = await journal.drop_dead_letters([1, 2, 3])
    await journal.commit(Batch(dead_letters=[letter(b"c")]))

    assert dropped == 2
    assert [each.id for each in letters_in(path)] == [3]
    assert rows_of(path, "SELECT weight FROM dead_letter_total") == [(513,)]


def test_the_kind_of_a_letter_is_one_that_exists_or_other() -> None:
    kinds = {
        topic: DeadLetter("decode", "r", "", topic, b"", START).kind
        for topic in ("gw/v1/door/d-1/up", "gw/v1/lamp/l-1/up", "door", "")
    }
    assert list(kinds.values()) == ["door", "other", "other", "other"]
