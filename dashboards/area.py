"""The area that is looked at: four variables, each offering what lies in the one before.

Readings name district, street and community. The first digits of a district are its city: two of a
municipality (Beijing 11, Tianjin 12, Shanghai 31, Chongqing 50), four elsewhere (GB/T 2260).
Metrics name one area, as deep as `alerts.label_level` says, by default the street.
"""

from grafana_foundation_sdk.builders.dashboard import QueryVariable
from grafana_foundation_sdk.models.dashboard import (
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.query import INFLUXDB

MEASUREMENTS = '"alert", "door", "gas_monitor", "water_meter"'
LEVELS = {"city": "城市 City", "district": "区县 District", "street": "街道 Street"} | {
    "community": "社区 Community"
}
_CITY = "/^(11|12|31|50|[0-9]{4})/"
_ALL = ".*"
_CONDITIONS = {
    "city": '"district" =~ /^${city:regex}/',
    **{level: f'"{level}" =~ /^${{{level}:regex}}$/' for level in list(LEVELS)[1:]},
}
IN_AREA = " AND ".join(_CONDITIONS.values())
"""In InfluxQL; what has no area known is there as long as none is chosen."""
AREA_LABEL = ", ".join(f'area=~"${{{level}:regex}}.*"' for level in ("city", "district", "street"))
"""In PromQL; a community is not told apart."""
_TIME = "${__url_time_range}"
CARRIED = "&".join((*(f"${{{level}:queryparam}}" for level in LEVELS), _TIME))
"""At the end of a link: the area and the time go with it."""


def areas() -> list[QueryVariable]:
    """Return the variables from the city down."""
    return [_level(level) for level in LEVELS]


def into(level: str) -> str:
    """Return the end of a link into the area of a cell; what lies below is not chosen yet."""
    above = list(LEVELS)[: list(LEVELS).index(level)]
    carried = (f"${{{name}:queryparam}}" for name in above)
    return "&".join((*carried, f"var-{level}=${{__value.raw}}", _TIME))


def among(name: str, label: str, measurement: str) -> QueryVariable:
    """Return a variable that offers devices of a kind in the area, the first 500 of them."""
    query = f'SHOW TAG VALUES FROM "{measurement}" WITH KEY = "device" WHERE {IN_AREA} LIMIT 500'
    return _asked(name, label, query)


def _level(level: str) -> QueryVariable:
    above = list(_CONDITIONS)[: list(LEVELS).index(level)]
    within = f" WHERE {' AND '.join(_CONDITIONS[name] for name in above)}" if above else ""
    key = "district" if level == "city" else level
    query = f'SHOW TAG VALUES FROM {MEASUREMENTS} WITH KEY = "{key}"{within}'
    made = with_all(_asked(level, LEVELS[level], query))
    return made.regex(_CITY) if level == "city" else made


def with_all(variable: QueryVariable) -> QueryVariable:
    """Return the variable with a first choice that stands for all."""
    chosen = VariableOption(selected=True, text="All", value="$__all")
    return variable.include_all(include_all=True).all_value(_ALL).current(chosen)


def _asked(name: str, label: str, query: str) -> QueryVariable:
    made = QueryVariable(name).label(label).datasource(INFLUXDB).query(query)
    return made.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
