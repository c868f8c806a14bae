"""What is usual about papers, so that it raises no alarm: credits, corrections, lines of one invoice, account numbers.

``credit``      an amount of zero or below
``corrected``   entered and taken back: a paper and its negative of the same parties, number and amount cancel out
``lines``       LINES amounts and more of one number and day are the lines of one invoice
``reference``   a number that comes back in a rhythm is an account's, a contract's or a lease's: DATES days and more, on
                average RHYTHM days apart; or any of a party by whom HABIT of the numbers and more come back
``unnumbered``  where a number should stand there is none

A paper is ``live`` when it can be matched at all: credits and what was corrected cannot, nor what has no number.
Numbers of 20 digits (数电票) are drawn once by the tax authority: neither lines nor references.
"""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["marked"]

LINES: Final = 3
DATES: Final = 3
RHYTHM: Final = 6
OFTEN: Final = 3
HABIT: Final = 0.1


def marked(papers: pl.DataFrame) -> pl.DataFrame:
    """Return the papers with a column for each of these, and ``live``."""
    number = ("party", "code", "separators")
    size, taken_back = pl.col("amount").abs(), pl.col("amount") < 0
    same = (*number, "size", "ledger")
    papers = papers.with_columns(size=size, negative=taken_back)
    papers = papers.with_columns(
        place=pl.int_range(pl.len()).over(*same, "negative"),
        others=pl.when("negative")
        .then((~pl.col("negative")).sum().over(same))
        .otherwise(pl.col("negative").sum().over(same)),
    )
    papers = papers.with_columns(
        corrected=pl.col("named") & (pl.col("place") < pl.col("others")),
        credit=pl.col("amount") <= 0,
        unnumbered=~pl.col("named"),
    ).drop("size", "negative", "place", "others")
    papers = papers.with_columns(live=~(pl.col("corrected") | pl.col("credit") | pl.col("unnumbered")))
    mine = pl.col("live") & ~pl.col("digital") & ~pl.col("ledger")
    counted = (
        papers.filter(mine)
        .group_by(number)
        .agg(
            dates=pl.col("issued").n_unique(),
            span=(pl.col("issued").max() - pl.col("issued").min()).dt.total_days(),
        )
    )
    amounts = papers.filter(mine).group_by(*number, "issued").agg(amounts=pl.col("amount").n_unique())
    habit = counted.group_by("party").agg(again=(pl.col("dates") > 1).sum(), numbers=pl.len())
    split = amounts.group_by("party").agg(split=(pl.col("amounts") > 1).sum())
    papers = papers.join(counted, on=number, how="left", maintain_order="left")
    papers = papers.join(amounts, on=(*number, "issued"), how="left", maintain_order="left")
    papers = papers.join(habit, on="party", how="left", maintain_order="left")
    papers = papers.join(split, on="party", how="left", maintain_order="left")
    by_habit, splits = _habit("again"), _habit("split")
    rhythm = (pl.col("dates") >= DATES) & (pl.col("span") >= RHYTHM * (pl.col("dates") - 1))
    return papers.with_columns(
        reference=(mine & (rhythm | (by_habit & (pl.col("dates") > 1)))).fill_null(value=False),
        lines=(mine & ((pl.col("amounts") >= LINES) | (splits & (pl.col("amounts") > 1)))).fill_null(value=False),
    ).drop("dates", "span", "amounts", "again", "numbers", "split")


def _habit(column: str) -> pl.Expr:
    return (pl.col(column) >= OFTEN) & (pl.col(column) >= HABIT * pl.col("numbers"))
