"""Every dashboard there is, and its JSON."""

import json
from collections.abc import Mapping

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.board import CITY, DOORS, GAS, RUNBOOKS, SERVICE, WATER
from dashboards.city import city
from dashboards.doors import doors
from dashboards.gas import gas
from dashboards.service import service
from dashboards.water import water

_MADE_BY = {CITY: city, WATER: water, DOORS: doors, GAS: gas, SERVICE: service}


def every(runbooks: str = RUNBOOKS) -> Mapping[str, str]:
    """Return the JSON of each dashboard by its uid; links to runbooks begin with `runbooks`."""
    return {uid: _written(make(runbooks).build()) for uid, make in _MADE_BY.items()}


def _written(board: object) -> str:
    return json.dumps(board, cls=JSONEncoder, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
