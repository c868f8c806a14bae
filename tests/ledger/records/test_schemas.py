"""The published schemas and their table are what the code says, and judge payloads as the code does.

When the first test fails, run `make records` and commit what it writes.
"""

from __future__ import annotations

import json
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema.validators import extend

from ledger.records import KINDS, Payload, canonical, decode
from ledger.records.schema import describe, documents
from ledger.store import Store
from tests.support.ledger_book import admitted, invoice, plan, receivable
from tests.support.market import Market
from tests.support.trade import authorised, document, order, package, receipt, stock

DOCS = Path(__file__).parents[3] / "docs"
SCHEMAS = {(each.kind, each.version): each.schema for each in describe()}


def strange(folder: Path) -> set[str]:
    """The published files that are not what the code says: changed, missing, or of a kind there is not."""
    wanted = documents()
    there = {f"schemas/{path.name}" for path in (folder / "schemas").iterdir()} | {"records.md"}
    changed = {name for name in there & wanted.keys() if (folder / name).read_text("utf-8") != wanted[name]}
    return changed | (there ^ wanted.keys())


def test_what_is_published_is_what_the_code_says() -> None:
    assert strange(DOCS) == set(), "run `make records`; a file of a kind that is no more is deleted by hand"


def test_any_difference_is_seen(tmp_path: Path) -> None:
    for name, text in documents().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    assert strange(tmp_path) == set()
    first, second = sorted((tmp_path / "schemas").iterdir())[:2]
    first.write_text(first.read_text("utf-8").replace('"type": "object"', '"type": "array"'), "utf-8")
    shutil.move(second, second.with_name("never.happened.v1.json"))
    assert strange(tmp_path) == {f"schemas/{first.name}", f"schemas/{second.name}", "schemas/never.happened.v1.json"}


def test_every_kind_says_what_it_states() -> None:
    assert [each.kind for each in describe() if not each.states] == []
    assert {(each.kind, each.version) for each in describe()} == KINDS.keys()
    (found,) = [each for each in describe() if each.kind == "warehouse_receipt.split"]
    assert (found.name, found.writers, found.version) == ("拆分", ("warehouse",), 1)
    (any_member,) = [each for each in describe() if each.kind == "warehouse_receipt.transferred"]
    assert any_member.writers == ()
    table = documents()["records.md"]
    assert table.count("\n| `") == len(KINDS)
    assert (
        "| `warehouse_receipt.transferred` | [1](schemas/warehouse_receipt.transferred.v1.json) | 转让 | any member |"
        in table
    )


def _ecma_pattern(
    validator: Any, pattern: str, value: Any, schema: Any
) -> Any:  # `$` is the end, also before a line feed
    if isinstance(value, str) and re.search(re.sub(r"\$\Z", r"\\Z", pattern), value) is None:
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern}")


Validator = extend(jsonschema.Draft202012Validator, {"pattern": _ecma_pattern})
VALIDATORS = {key: Validator(schema) for key, schema in SCHEMAS.items()}


def accepts(kind: str, version: int, value: Any) -> bool:
    return bool(VALIDATORS[kind, version].is_valid(value))


@pytest.mark.parametrize("key", KINDS, ids=lambda key: f"{key[0]}.v{key[1]}")
def test_a_schema_is_strict(key: tuple[str, int]) -> None:
    schema = SCHEMAS[key]
    jsonschema.Draft202012Validator.check_schema(schema)
    for part in (schema, *schema.get("$defs", {}).values()):
        assert part.get("type") != "object" or part["additionalProperties"] is False
    assert schema["properties"]["v"] == {"const": key[1]}
    assert "v" in schema["required"]


def test_real_payloads_pass(market: Market) -> None:
    with Store.open(market.database) as store:
        stored = {(record.kind, bytes(record.payload)) for record in store.records()}
    kinds = {kind for kind, _ in stored}
    assert {"invoice.registered", "plan.established", "distribution.made", "member.admitted"} <= kinds
    for kind, raw in stored:
        value = json.loads(raw)
        VALIDATORS[kind, value["v"]].validate(value)


BUILT = {
    "document.registered": document("d", "x"),
    "package.registered": package("p", "a", "b"),
    "warehouse_receipt.issued": receipt("w"),
    "stock.reported": stock(),
    "order.registered": order("o"),
    "data_certificate.authorised": authorised("c"),
    "member.admitted": admitted("m", ["bank"]),
    "invoice.registered": invoice("i"),
    "receivable.registered": receivable("r"),
    "plan.established": plan("p"),
}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("document.registered", {"v": 2}),
        ("document.registered", {"extra": 1}),
        ("document.registered", {"document": ""}),
        ("document.registered", {"document": "x" * 121}),
        ("document.registered", {"document": "a\n"}),
        ("document.registered", {"type": "Contract"}),
        ("document.registered", {"parties": []}),
        ("document.registered", {"parties": [f"m{n}" for n in range(21)]}),
        ("document.registered", {"amount": -1}),
        ("document.registered", {"amount": 10**14 + 1}),
        ("document.registered", {"amount": "1"}),
        ("document.registered", {"amount": True}),
        ("document.registered", {"currency": "cny"}),
        ("document.registered", {"date": "2026-1-4"}),
        ("document.registered", {"quantity": 12.5}),
        ("document.registered", {"quantity": "1e3"}),
        ("document.registered", {"file_digest": "0" * 63}),
        ("document.registered", {"file_digest": "0" * 64 + "\n"}),
        ("member.admitted", {"roles": ["bank", "bank"]}),
        ("plan.established", {"plan": "a/b"}),
    ],
)
def test_what_is_malformed_is_refused(kind: str, changes: dict[str, Any]) -> None:
    good = {"v": 1, **BUILT[kind]}
    assert accepts(kind, 1, good)
    assert isinstance(decode(kind, canonical(good)), Payload)
    assert not accepts(kind, 1, {**good, **changes})
    assert not isinstance(decode(kind, canonical({**good, **changes})), Payload)


PLAIN = st.dictionaries(
    st.text("abc", max_size=3),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text("0.1x元", max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=3,
)
"""Objects of any content that a document may have."""


def of(schema: Any, root: Any) -> st.SearchStrategy[Any]:
    """Values that fit a schema, of the words that ours use."""
    if "$ref" in schema:
        return of(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema:
        return st.one_of([of(each, root) for each in schema["anyOf"]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "object" and "properties" not in schema:
        return PLAIN
    if schema["type"] == "object":
        fields = {name: of(each, root) for name, each in schema["properties"].items()}
        wanted = {name: fields[name] for name in schema.get("required", ())}
        return st.fixed_dictionaries(wanted, optional={name: fields[name] for name in fields.keys() - wanted.keys()})
    if schema["type"] == "array":
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", 3), max(least, 3))
        return st.lists(
            of(schema["items"], root), min_size=least, max_size=most, unique=schema.get("uniqueItems", False)
        )
    if schema["type"] == "string":
        return _text(schema)
    if schema["type"] == "integer":
        least = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        return st.integers(least, schema.get("maximum", 10**6))
    return {"boolean": st.booleans(), "null": st.none()}[schema["type"]]


@cache
def lawful(key: tuple[str, int]) -> st.SearchStrategy[Any]:
    """Payloads that fit the schema of a kind and version."""
    return of(SCHEMAS[key], SCHEMAS[key])


def _text(schema: Any) -> st.SearchStrategy[str]:
    if schema.get("format") == "date":
        return st.dates().map(str)
    pattern = schema.get("pattern", "^.*$")
    if "maxLength" not in schema:
        return st.from_regex(pattern[1:-1], fullmatch=True)
    size = st.text(max_size=min(schema["maxLength"], 12), min_size=schema.get("minLength", 0))
    return size.filter(lambda text: re.search(pattern[:-1] + r"\Z", text) is not None)


ODD = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1.5,
        10**15,
        "",
        "a\n",
        "a\0",
        "x" * 5_000,
        "2026-02-3",
        "1e3",
        "01",
        [],
        ["a", "a"],
        {},
        {"v": 1},
    ]
)


def _changed(data: st.DataObject, value: Any) -> Any:
    """The value with one thing in it, at any depth, replaced by something odd, left out or added."""
    if not isinstance(value, dict | list) or not value or data.draw(st.integers(0, 5)) == 0:
        return {**value, "odd": 1} if isinstance(value, dict) and data.draw(st.booleans()) else data.draw(ODD)
    key = data.draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
    copy = value.copy()
    if data.draw(st.integers(0, 5)) == 0:
        del copy[key]
    else:
        copy[key] = _changed(data, value[key])
    return copy


@pytest.mark.parametrize("key", KINDS, ids=lambda key: f"{key[0]}.v{key[1]}")
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_schema_and_code_judge_alike(key: tuple[str, int], data: st.DataObject) -> None:
    kind, version = key
    value = data.draw(lawful(key))
    if data.draw(st.booleans()):
        value = _changed(data, value)
    fits = accepts(kind, version, value)
    read = decode(kind, canonical(value))
    if isinstance(read, Payload):
        assert fits
    elif fits:  # only for what the page says that no schema can
        assert "Value error" in read.reason, read.reason
