"""What CompaniesMarketCap promises. Every value is text, as served; the parser adds `position`."""

import pandera.polars as pa
import polars as pl


class CompaniesMarketCapAssets(pa.DataFrameModel):
    """One row per asset of a page of the ranking, the largest first; names are the cells' classes.

    `data-sort` is what the page sorts a column by; beside it stands what it shows.
    """

    position: pl.Int64 = pa.Field(ge=0, description="Row below the header, from 0")
    row_class: pl.String = pa.Field(
        alias="class", nullable=True, description="precious-metals-outliner; none: a company"
    )
    rank: pl.String = pa.Field(alias="rank-td data-sort", nullable=True, description="6")
    href: pl.String = pa.Field(nullable=True, description="/silver/marketcap/")
    name: pl.String = pa.Field(alias="company-name", nullable=True, description="Silver")
    code: pl.String = pa.Field(alias="company-code", nullable=True, description="SILVER")
    cap_sort: pl.String = pa.Field(alias="cap data-sort", nullable=True, description="Whole USD")
    cap: pl.String = pa.Field(nullable=True, description="$3.500 T")
    price_sort: pl.String = pa.Field(
        alias="price data-sort", nullable=True, description="USD times 100; wrong below a cent"
    )
    price: pl.String = pa.Field(nullable=True, description="$62.50; null: no such cell")
    change_sort: pl.String = pa.Field(
        alias="change data-sort", nullable=True, description="Percent times 100; shown unsigned"
    )

    class Config:
        """Drop what was never asked for: the sparkline, the country."""

        strict = "filter"
