"""One module per warehouse table: its columns, its key and its promises."""

from schemas.tables.asset_caps import AssetCaps
from schemas.tables.bars import Bars
from schemas.tables.coin_categories import CoinCategories
from schemas.tables.coin_market import CoinMarket
from schemas.tables.coins import Coins
from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.monthly_averages import MonthlyAverages
from schemas.tables.rates import Rates
from schemas.tables.reference import REFERENCE
from schemas.tables.reported_flows import ReportedFlows
from schemas.tables.sessions import Sessions
from schemas.tables.stated_facts import StatedFacts

TABLES = (
    AssetCaps,
    Bars,
    CoinCategories,
    CoinMarket,
    Coins,
    CorporateActions,
    FundValuations,
    Holdings,
    MonthlyAverages,
    Rates,
    ReportedFlows,
    Sessions,
    StatedFacts,
    *REFERENCE,
)
