"""One module per warehouse table: its columns, its key and its promises."""

from schemas.tables.bars import Bars
from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.reference import REFERENCE
from schemas.tables.sessions import Sessions

TABLES = (Bars, CorporateActions, FundValuations, Holdings, Sessions, *REFERENCE)
