"""What all panels have: words in two languages, a place, a unit, a data source."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self, TypeVar

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    Panel,
    Threshold,
    ThresholdsMode,
)

GREEN, BLUE, YELLOW, ORANGE, RED = "green", "blue", "yellow", "orange", "red"


class Words(NamedTuple):
    """A title in Chinese and English, and what a duty officer needs to know beside it."""

    zh: str
    en: str
    about_zh: str
    about_en: str

    @property
    def title(self) -> str:
        """The title of both languages."""
        return f"{self.zh} {self.en}"

    @property
    def about(self) -> str:
        """The description of both languages."""
        return f"{self.about_zh}\n\n{self.about_en}"


@dataclass(frozen=True, slots=True)
class Frame:
    """How a panel is shown; the width is in 24ths of the screen, the height in 30 pixels."""

    words: Words
    source: DataSourceRef
    unit: str
    width: int = 12
    height: int = 8


class PanelBuilder(Protocol):
    """What the panels of the SDK have in common."""

    def title(self, title: str) -> Self: ...  # noqa: D102
    def description(self, description: str) -> Self: ...  # noqa: D102
    def datasource(self, datasource: DataSourceRef) -> Self: ...  # noqa: D102
    def unit(self, unit: str) -> Self: ...  # noqa: D102
    def span(self, w: int) -> Self: ...  # noqa: D102
    def height(self, h: int) -> Self: ...  # noqa: D102
    def no_value(self, no_value: str) -> Self: ...  # noqa: D102
    def build(self) -> Panel: ...  # noqa: D102
    def with_target(self, target: Builder[Dataquery]) -> Self: ...  # noqa: D102


P = TypeVar("P", bound=PanelBuilder)


def framed(panel: P, frame: Frame, *queries: Builder[Dataquery]) -> P:
    """Return the panel with what all have; one without data says so."""
    panel.title(frame.words.title).description(frame.words.about)
    panel.datasource(frame.source).unit(frame.unit)
    panel.span(frame.width).height(frame.height).no_value("无 none")
    for query in queries:
        panel.with_target(query)
    return panel


def steps(base: str, above: Iterable[tuple[float, str]]) -> ThresholdsConfig:
    """Return colours by value: `base`, and from each value on another."""
    found = [Threshold(None, base), *(Threshold(value, colour) for value, colour in above)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)
