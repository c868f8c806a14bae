"""A map says exactly what it may say: a misspelt key, a wrong type or an impossible share is named, never ignored."""

from decimal import Decimal
from importlib import resources

import pytest

from ledger.consortium.mapping import PACKAGED, load_map, packaged_map, parse_map
from ledger.errors import Malformed

LEAST = """
title = "t"
[columns]
number = "no"
issued = "day"
due = "due"
amount = "sum"
debtor = "who"
"""


@pytest.mark.parametrize("name", PACKAGED)
def test_the_maps_that_ship_are_readable(name):
    assert packaged_map(name).title


def test_every_map_in_the_package_is_named():
    names = {path.name for path in (resources.files("ledger.consortium") / "maps").iterdir()}
    assert names == {f"{name}.toml" for name in PACKAGED}


def test_what_is_left_out_has_a_default():
    made = parse_map(LEAST, "m")
    assert made.columns["amount"] == "sum"
    assert (made.encoding, made.senior + made.mezzanine < 1) == ("utf-8-sig", True)


def test_fractions_are_exact():
    assert parse_map(LEAST + '[business]\ndiscount = "0.0480"\n', "m").discount == Decimal("0.0480")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title = ", "not TOML"),
        ('title = "t"\n', "number, issued, due, amount, debtor"),
        (LEAST.replace('title = "t"', ""), "title is missing"),
        (LEAST.replace('number = "no"', "number = 5"), "number must be text"),
        (LEAST + "colour = 5\n", "[columns] colour"),
        (LEAST + "[columms]\n", "[columms]"),
        (LEAST + "[columms]\na = 1\n", "[columms] a"),
        ("encoding = 'utf-8'\n" + LEAST, "encoding"),
        (LEAST + '[file]\nencoding = "latin-1"\n', "'latin-1'"),
        (LEAST + '[file]\ndelimiter = ";;"\n', "delimiter"),
        (LEAST + "[values]\ndate_formats = []\n", "date_formats is empty"),
        (LEAST + "[values]\ndate_formats = [5]\n", "date_formats must be a list"),
        (LEAST + '[values]\nthousands_separator = "."\n', "both decimals and thousands"),
        (LEAST + '[values]\nyes = ["J"]\nno = ["J"]\n', "both yes and no"),
        (LEAST + '[values]\ntrim_suffix = { colour = "x" }\n', "trim_suffix"),
        (LEAST + "[business]\nsplit = 0.2\n", "split must be text"),
        (LEAST + '[business]\nsplit = "a fifth"\n', "split must be a decimal"),
        (LEAST + '[business]\nsplit = "1.2"\n', "between 0 and 1"),
        (LEAST + '[business]\nsplit = "NaN"\n', "between 0 and 1"),
        (LEAST + '[business]\nsplit = "0.6"\ntransferred = "0.6"\n', "more than 1"),
        (LEAST + '[plan]\nsenior = "0.9"\n', "leave something to the subordinated"),
        (LEAST + '[plan]\nmezzanine = "0"\n', "above 0"),
        (LEAST + '[plan]\nsenior_rate = "0.0300001"\n', "six decimals"),
        (LEAST + "[business]\nhour = 3\n", "hour"),
        (LEAST + "[business]\nhour = true\n", "hour must be a whole number"),
        (LEAST + '[plan]\nvenue = "NYSE"\n', "'NYSE'"),
        (LEAST.replace("[columns]", "columns = 5\n[other]"), "columns must be a section"),
    ],
)
def test_a_map_that_says_something_else_is_refused(text, told):
    with pytest.raises(Malformed) as refused:
        parse_map(text, "m")
    assert refused.value.code == "map"
    assert told in refused.value.message


def test_a_map_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "m.toml").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "m.toml", tmp_path / "none.toml"):
        with pytest.raises(Malformed, match="cannot be read"):
            load_map(path)
