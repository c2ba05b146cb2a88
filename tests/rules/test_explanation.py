"""The laws of explanations: evidence put into the words of both languages."""

import pytest

from rules.catalogue import alert_rules
from rules.chinese import CHINESE
from rules.explanation import Template, Text
from tests.rules.languages import assert_chinese

TEMPLATE = Template("值 {value}（{limit_from}）", "value {value} ({limit_from})")


@pytest.mark.parametrize(
    ("value", "source", "zh", "en"),
    [
        (1.25, "practice, a suggestion", "1.25（实践建议）", "1.25 (practice, a suggestion)"),
        (1_234_567.5, "GB 1", "1234568（GB 1）", "1234568 (GB 1)"),
        (1, "set by 500103", "1（由 500103 设定）", "1 (set by 500103)"),
        (None, "a new source", "无（a new source）", "none (a new source)"),
        ("cover_open,error", "GB 1", "表盖打开、读数错误（GB 1）", "cover open, error (GB 1)"),
        ("not_yet_valid", "GB 1", "尚未生效（GB 1）", "not yet valid (GB 1)"),
        ("d_oor,2", "GB 1", "d_oor,2（GB 1）", "d_oor,2 (GB 1)"),
    ],
)  # fmt: skip
def test_a_word_and_a_source_are_said_in_the_language_of_the_text(
    value: str | float | None, source: str, zh: str, en: str
) -> None:
    text = TEMPLATE.text({"value": value, "limit_from": source}, 0)

    assert text == (f"值 {zh}", f"value {en}")


def test_a_text_that_lacks_evidence_gives_way_to_the_next() -> None:
    template = Template("{a}", "{a}", otherwise=Template("无 a", "no a"))
    found = {"b": 1}

    assert template.text(found, 0) == ("无 a", "no a")
    with pytest.raises(KeyError):
        TEMPLATE.text(found, 0)


@pytest.mark.parametrize("text", [zh for en, zh in CHINESE.items() if en != zh])
def test_what_is_said_in_chinese_is_chinese(text: str) -> None:
    assert_chinese(text)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("星期日", "Sunday; the same weekday is 相同星期几"),
        ("误识", "a false match; a wrong attempt is 错误操作"),
        ("防冻", "protection from frost, which no alert gives"),
    ],
)
def test_no_text_says_a_word_that_means_something_else(word: str, meaning: str) -> None:
    told = [
        text for rule in alert_rules().values() for text in (rule.title_zh, rule.explanation.zh)
    ]

    assert [text for text in (*told, *CHINESE.values()) if word in text] == [], meaning


@pytest.mark.parametrize(
    ("figure", "behind_it"),
    [
        ("0.8 Q3", Text("实践：连续两个时段达 0.8 Q3", "practice: 0.8 Q3")),
        ("-115 dBm", Text("通用经验", "general knowledge")),
        ("72 h", Text("通用经验", "general knowledge")),
    ],
)
def test_a_source_does_not_make_more_of_a_figure_than_it_is(figure: str, behind_it: Text) -> None:
    found = [Text(zh, en) for en, zh in CHINESE.items() if figure in en]

    assert found
    assert all(behind_it.zh in each.zh and behind_it.en in each.en for each in found)
