"""Laws of the conditions, each shown by a row of values and what is found at each."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from pydantic_core import from_json, to_json

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading, Value
from rules.condition import Condition
from rules.conditions.accumulated import Accumulated, Amounts
from rules.conditions.baseline import Band, Baseline
from rules.conditions.combination import Combination
from rules.conditions.learnt import Habit, LearntSilence
from rules.conditions.marks import Marks
from rules.conditions.rate import Rate
from rules.conditions.rise import Rise
from rules.conditions.several import Several
from rules.conditions.silent import Patience, Silent
from rules.conditions.threshold import Level, Threshold
from rules.conditions.trusted import Trusted
from rules.finding import Finding
from rules.moment import Moment
from rules.severity import Severity
from rules.water_day import DAY, WATER_DAY, Day, number_of_day

HOUR = milliseconds_of(timedelta(hours=1))
MONDAY = 1_772_380_800_000
NOTICE, WARNING, CRITICAL = Severity
WATER = Amounts("increment_m3", "slot_minutes")

WARM = Threshold("t", (Level(NOTICE, 30, 28, ""), Level(WARNING, 40, 38, "")))
HOT = Threshold("t", (Level(NOTICE, 40, 38, ""), Level(WARNING, 30, 28, "")))
ICY = Threshold("t", (Level(NOTICE, 2, 3, ""), Level(WARNING, 4, 5, "")), falling=True)
COLD = Threshold("t", (Level(WARNING, 3, 4, ""),), falling=True)
WET = Threshold("h", (Level(CRITICAL, 90, 80, ""),))
RISING = Rate(
    "t",
    (Level(WARNING, 5, 4, ""),),
    per=timedelta(hours=1),
    shortest=timedelta(minutes=10),
    longest=timedelta(hours=3),
)
DAY_TOTAL = Accumulated(
    WATER, timedelta(hours=24), timedelta(hours=1), (Level(WARNING, 2.0, 1.8, ""),)
)
LOW_DAY = Accumulated(
    WATER,
    timedelta(hours=24),
    timedelta(hours=1),
    (Level(WARNING, 0.01, 0.02, ""),),
    falling=True,
)
TODAY = Accumulated(
    WATER,
    timedelta(hours=24),
    timedelta(hours=1),
    (Level(WARNING, 2.0, 1.8, ""),),
    calendar=True,
)

Row = tuple[str, Condition, str, Sequence[Value | None], str]


def words(verdict: Finding | None, word: str) -> str:
    """The letter of a finding: n, w, c, `-` clear, `?` unknown; None leaves the last word."""
    if verdict is None:
        return word
    if not verdict.known:
        return "?"
    return "-" if verdict.severity is None else verdict.severity.name[0].lower()


def observed(condition: Condition, readings: Sequence[Reading]) -> tuple[str, list[Finding]]:
    """What is found at each reading; the state goes through JSON between them."""
    state, word, found, findings = condition.start(), "-", "", []
    for reading in readings:
        before = to_json(state)
        after, finding = condition.observe(state, reading)
        assert to_json(state) == before, "a state is never changed in place"
        state = from_json(to_json(after))
        word = words(finding, word)
        found += word
        findings += [] if finding is None else [finding]
    return found, findings


def reading(hours: float, values: Mapping[str, Value | None]) -> Reading:
    at = MONDAY + round(hours * HOUR)
    known = {name: value for name, value in values.items() if value is not None}
    return Reading("d", "k", at, at, known)


ROWS: list[Row] = [
    ("a limit counts when it is reached", WARM, "t", [29, 30, 29, 28, 27.9], "-nnn-"),
    ("each level has its own way back", WARM, "t", [40, 38, 37, 28, 27], "wwnn-"),
    ("levels may be passed at once", WARM, "t", [50, 20], "w-"),
    (
        "a graver level that comes first waits for no other",
        HOT,
        "t",
        [29, 30, 28, 41, 39, 27],
        "-wwww-",
    ),
    ("nor does one of falling limits", ICY, "t", [5, 4, 1, 4.9, 5, 5.1], "-wwww-"),
    ("falling limits are mirrored", COLD, "t", [3.1, 3, 4, 4.1], "-ww-"),
    ("an absent value says nothing of what was clear", WARM, "t", [20, None, 20], "---"),
    ("an absent value leaves what was found unknown", WARM, "t", [30, None, 30, 20], "n?n-"),
    ("a rise counts by the hour", RISING, "t", [10, 14, 19, 23, 26], "--ww-"),
    ("a fall is no rise", RISING, "t", [20, 10, 0], "---"),
    ("two of three", Several(WARM, 2, 3), "t", [30, 20, 30, 20, 20, 30], "--n---"),
    (
        "marks by gravity",
        Marks("f", {"leak": WARNING, "burst": CRITICAL}, ""),
        "f",
        ["", "leak", "burst,leak", "reverse", None],
        "-wc--",
    ),
    (
        "a counter that rises, stands and steps back",
        Rise("r", 0.01, timedelta(days=7), WARNING, ""),
        "r",
        [5, 5.01, 5.02, 5.021, 5.021, 0.5, 0.5],
        "--ww---",
    ),
    (
        "slow drops are forgotten after the window",
        Rise("r", 0.01, timedelta(hours=2), WARNING, ""),
        "r",
        [5, 5.004, 5.008, 5.009, 5.013, 5.017],
        "------",
    ),
]


@pytest.mark.parametrize(
    ("condition", "field", "values", "found"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_a_condition_finds_what_its_row_says(
    condition: Condition, field: str, values: Sequence[Value | None], found: str
) -> None:
    readings = [reading(hour, {field: value}) for hour, value in enumerate(values)]
    assert observed(condition, readings)[0] == found


def test_a_rate_is_not_taken_over_a_gap_nor_over_a_moment() -> None:
    times_and_values = [(0, 10), (0.1, 30), (4, 60), (5, 61)]
    readings = [reading(hour, {"t": value}) for hour, value in times_and_values]
    assert observed(RISING, readings)[0] == "----"


def test_two_samples_in_a_row_are_enough_without_the_hold() -> None:
    twice = Threshold("t", WARM.levels, samples=2)
    readings = [reading(hour, {"t": 30}) for hour in range(3)]
    assert [each.confirmed for each in observed(twice, readings)[1]] == [False, True, True]


@pytest.mark.parametrize(
    ("threshold", "values", "worst"),
    [(WARM, (31, 44, 35, 29), [31, 44, 44, 44]), (COLD, (2, 1, 2.5, 3.5), [2, 1, 1, 1])],
)
def test_the_worst_value_is_kept_for_as_long_as_it_lasts(
    threshold: Threshold, values: Sequence[float], worst: list[float]
) -> None:
    readings = [reading(hour, {"t": value}) for hour, value in enumerate(values)]
    assert [each.evidence["worst"] for each in observed(threshold, readings)[1]] == worst


def test_what_is_found_bears_the_time_when_it_began() -> None:
    readings = [reading(hour, {"t": 30}) for hour in range(3)]
    assert {each.since for each in observed(WARM, readings)[1]} == {MONDAY}


def water(hours: float, litres: float, minutes: int = 60) -> Reading:
    return reading(hours, {"increment_m3": litres / 1000, "slot_minutes": minutes})


def test_an_amount_adds_up_over_the_sliding_window_and_leaves_it() -> None:
    readings = [water(hour, 100 if hour <= 24 else 0) for hour in range(1, 32)]
    found, _ = observed(DAY_TOTAL, readings)
    assert found == "-" * 20 + "w" * 9 + "-" * 2


def test_a_calendar_day_starts_anew_at_local_midnight() -> None:
    readings = [water(hour, 100) for hour in range(1, 50)]
    found, _ = observed(TODAY, readings)
    assert found == "-" * 20 + "w" * 4 + "-" * 20 + "w" * 4 + "-"


def test_a_low_sum_is_judged_only_when_the_window_is_known() -> None:
    known = [water(hour, 0) for hour in range(1, 25)]
    assert observed(LOW_DAY, known)[0][-1] == "w"
    assert observed(LOW_DAY, known[:12] + known[14:])[0][-1] == "-"


def test_a_gap_makes_what_was_low_unknown() -> None:
    readings = [water(hour, 0) for hour in (*range(1, 25), 30)]
    assert observed(LOW_DAY, readings)[0][-2:] == "w?"


def test_a_late_amount_may_excuse_and_may_raise() -> None:
    state, _ = DAY_TOTAL.start(), None
    for hour in range(1, 11):
        state, _ = DAY_TOTAL.observe(state, water(hour, 150))
    state, finding = DAY_TOTAL.amend(state, water(5.5, 600))
    assert finding is not None
    assert finding.severity is WARNING
    low = LOW_DAY.start()
    for hour in range(1, 25):
        low, _ = LOW_DAY.observe(low, water(hour, 0))
    low, finding = LOW_DAY.amend(low, water(5.5, 30, 0))
    assert finding is not None
    assert (finding.severity, finding.known) == (None, True)


def days(totals: Sequence[float], known_ms: int = DAY) -> list[Reading]:
    first = number_of_day(MONDAY)
    ended = [Day(first + number, litres, known_ms) for number, litres in enumerate(totals)]
    return [
        Reading("d", "k", day.end_at, day.end_at, {WATER_DAY: day})  # type: ignore[dict-item]
        for day in ended
    ]


BASELINE = Baseline(Band(3.0, 4.0, 300.0, "", ""), WARNING)


def test_a_day_is_held_against_the_same_weekday_of_the_weeks_before() -> None:
    usual = [100, 110, 120, 100, 90, 500, 600] * 5
    assert "w" not in observed(BASELINE, days(usual))[0]
    found, findings = observed(BASELINE, days([*usual, 600, 100, 100]))
    assert found[-3:] == "w--"
    assert findings[0].evidence["median_l"] == 100


def test_an_unusual_day_is_not_learnt_and_a_day_not_known_is_not_judged() -> None:
    usual = [100.0] * 35
    weeks = ([600.0] + [100.0] * 6) * 3
    found, _ = observed(BASELINE, days([*usual, *weeks]))
    assert [found[35 + 7 * week] for week in range(3)] == ["w"] * 3
    judged = [*days([*usual, 600]), *days([*usual, 600], known_ms=DAY // 2)]
    assert observed(BASELINE, judged)[0][-36:] == "w" * 36


def test_a_day_that_has_what_the_day_before_lacks_is_not_unusual() -> None:
    usual = [100.0, 300.0] + [100.0] * 5
    late = days([*usual * 5, 100, 20, 380, *[100.0] * 4])
    assert "w" not in observed(BASELINE, late)[0]
    known = days([*usual * 5, 100, 300, 380])
    assert observed(BASELINE, known)[0][-1] == "w"
    unheard = [*known[:-2], *days([*usual * 5, 100, 300], known_ms=DAY // 2)[-1:], known[-1]]
    assert "w" not in observed(BASELINE, unheard)[0]


def test_what_is_unusual_for_a_month_becomes_usual() -> None:
    found, _ = observed(BASELINE, days([100.0] * 56 + [600.0] * 120))
    assert "w" not in found[:56]
    assert set(found[56:84]) == {"w"}
    assert "w" not in found[-30:]


ANY = Combination("any", (WARM, WET))
ALL = Combination("all", (WARM, WET))
PAIRS = [(20, 50), (30, 50), (30, 95), (20, 95), (None, 95), (20, 50)]


@pytest.mark.parametrize(("condition", "found"), [(ANY, "-nccc-"), (ALL, "--n---")])
def test_a_combination_is_the_gravest_of_any_or_the_least_of_all(
    condition: Condition, found: str
) -> None:
    readings = [reading(hour, {"t": t, "h": h}) for hour, (t, h) in enumerate(PAIRS)]
    assert observed(condition, readings)[0] == found


@pytest.mark.parametrize("t", [20, 30], ids=["well", "found"])
def test_a_condition_that_is_added_begins_beside_what_was_saved(t: float) -> None:
    alone = Combination("any", (WARM,))
    saved, _ = alone.observe(alone.start(), reading(0, {"t": t}))
    saved = from_json(to_json(saved))
    assert ANY.deadline(saved) is None
    ticked, _ = ANY.tick(saved, Moment(MONDAY + HOUR))
    for state in (saved, from_json(to_json(ticked))):
        _, finding = ANY.observe(state, reading(2, {"t": t, "h": 95}))
        assert finding is not None
        assert finding.severity is Severity.CRITICAL


def test_what_a_sensor_does_not_vouch_for_is_unknown_and_leaves_no_trace() -> None:
    trusted = Trusted(Threshold("t", WARM.levels, samples=2), "s", frozenset({"fault"}))
    row = [(30, "ok"), (30, "fault"), (30, "ok"), (30, "ok"), (20, "fault"), (20, "ok")]
    readings = [reading(hour, {"t": t, "s": s}) for hour, (t, s) in enumerate(row)]
    found, findings = observed(trusted, readings)
    assert found == "n?nn?-"
    assert [each.confirmed for each in findings] == [False, False, False, True, False, False]


def test_silence_is_told_by_time_alone_and_not_while_a_reading_is_at_hand() -> None:
    silent = Silent((Patience(NOTICE, timedelta(hours=2), ""),))
    state, _ = silent.observe(silent.start(), reading(0, {}))
    due_at: Instant | None = silent.deadline(state)
    assert due_at == MONDAY + 2 * HOUR
    assert silent.tick(state, Moment(due_at, hearing=True))[1] is None
    state, finding = silent.tick(state, Moment(due_at))
    assert finding is not None
    assert (finding.severity, finding.since) == (NOTICE, MONDAY)
    assert silent.deadline(state) is None
    state, finding = silent.observe(state, reading(5, {}))
    assert finding is not None
    assert finding.severity is None


@pytest.mark.parametrize("before", [MONDAY, [MONDAY, 1, MONDAY + 9 * HOUR]])
def test_a_silence_saved_before_intervals_were_learnt_goes_on(before: object) -> None:
    hours = timedelta(hours=1)
    silent = Silent((Patience(NOTICE, 6 * hours, ""), Patience(WARNING, 9 * hours, "")))
    learnt = LearntSilence(silent, Habit(2.0, hours, hours, ""))

    assert learnt.deadline(before) == silent.deadline(before)
    _, expected = silent.tick(before, Moment(MONDAY + 9 * HOUR))
    after, found = learnt.tick(before, Moment(MONDAY + 9 * HOUR))
    assert found == expected
    assert learnt.observe(after, reading(10, {}))[1] is not None


def silence(note_h: float, warn_h: float) -> Silent:
    hour = timedelta(hours=1)
    return Silent((Patience(NOTICE, note_h * hour, ""), Patience(WARNING, warn_h * hour, "")))


@pytest.mark.parametrize("looked_at_h", [0, 2])
def test_a_silence_goes_by_the_levels_in_force_whatever_was_found_by_others(
    looked_at_h: int,
) -> None:
    looser, stricter = silence(2, 9), silence(2, 3)
    state, _ = looser.observe(looser.start(), reading(0, {}))
    if looked_at_h:
        state, _ = looser.tick(state, Moment(MONDAY + looked_at_h * HOUR))

    state, finding = stricter.tick(state, Moment(MONDAY + 2 * HOUR))
    assert (finding and finding.severity) == (None if looked_at_h else NOTICE)
    assert stricter.deadline(state) == MONDAY + 3 * HOUR
    _, finding = stricter.tick(state, Moment(MONDAY + 3 * HOUR))
    assert (finding and finding.severity) == WARNING


def test_a_learnt_patience_is_none_once_the_setting_is_shorter() -> None:
    hour = timedelta(hours=1)
    habit = Habit(2.0, hour, hour, "")
    looser, stricter = (LearntSilence(silence(hours, 200), habit) for hours in (50, 10))
    state = looser.start()
    for uploads in range(6):
        state, _ = looser.observe(state, reading(12 * uploads, {}))

    heard_at = MONDAY + 60 * HOUR
    assert looser.deadline(state) == heard_at + 25 * HOUR
    assert stricter.deadline(state) == heard_at + 10 * HOUR
    assert stricter.tick(state, Moment(heard_at + 10 * HOUR))[1] is not None
