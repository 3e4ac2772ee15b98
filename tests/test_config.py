"""Configuration files: read, overridden, checked, written; and optional parts that are missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from kinestream.config import MAX_BYTES, dump_config, explain, load_config, read_mapping
from kinestream.errors import ConfigError, MissingExtraError, MissingFileError
from kinestream.extras import needs


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rate: float = 1.0
    kind: Literal["a", "b"] = "a"


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    count: int = 1
    inner: Inner = Inner()
    parts: list[Inner] = []
    named: dict[str, Inner] = {}
    free: dict[str, Any] = {}

    @model_validator(mode="after")
    def _counts(self) -> Outer:
        if self.count < 0:
            raise ValueError("count is below zero.")
        return self


def file(folder: Path, content: str | bytes, name: str = "c.yaml") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_yaml_and_json_are_the_same(tmp_path: Path) -> None:
    one = load_config(file(tmp_path, "name: x\ninner:\n  rate: 0.5\nfree: {a: [1, b]}\n"), Outer)
    other = file(
        tmp_path, '\ufeff{"name": "x", "inner": {"rate": 0.5}, "free": {"a": [1, "b"]}}', "c.json"
    )
    assert load_config(other, Outer) == one
    assert one.inner.rate == 0.5
    assert one.free == {"a": [1, "b"]}


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("count=7", "count", 7),
        ("name=y", "name", "y"),
        ("name= y z ", "name", "y z"),
        ("name=a=b", "name", "a=b"),
        ("inner.rate=1e-3", "inner.rate", 0.001),
        ("inner.rate=-2.5E+2", "inner.rate", -250.0),
        ("free.deep.er=[1, x]", "free", {"deep": {"er": [1, "x"]}}),
        ("free.rate=1e-3", "free", {"rate": 0.001}),
        ("free={a: null, b: true}", "free", {"a": None, "b": True}),
        ("free.word=nan", "free", {"word": "nan"}),
        ("free.word='1e3'", "free", {"word": "1e3"}),
        ('name="1e3"', "name", "1e3"),
        ("name=infinity", "name", "infinity"),
        ("free.none=", "free", {"none": None}),
    ],
)
def test_set_overrides_a_key(tmp_path: Path, override: str, key: str, value: object) -> None:
    config = load_config(file(tmp_path, "name: x\ninner: {kind: b}\n"), Outer, [override])
    found: Any = config
    for part in key.split("."):
        found = getattr(found, part)
    assert found == value
    assert config.inner.kind == "b"


def test_later_overrides_win(tmp_path: Path) -> None:
    config = load_config(file(tmp_path, "name: x\n"), Outer, ["count=1", "count=2"])
    assert config.count == 2


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("nonsense", "--set takes key=value, got 'nonsense'"),
        ("=3", "--set takes key=value, got '=3'"),
        ("count=[", r"--set count: '\[' is not a value"),
        ("count=&a [*a]", "--set count: .* is not a value"),
        ("count=2020-13-45", "--set count: '2020-13-45' is not a value"),
        ("count=" + "[" * 5000, "--set count: .* is not a value"),
        ("count=!!python/object:os.system x", "is not a value"),
        ("name.inner=1", "--set name.inner: 'name' is a value, it has no keys inside"),
        ("cuont=1", "unknown key 'cuont'; allowed here: count, free, inner, name, named, parts"),
        ("inner.rat=1", "unknown key 'inner.rat'; allowed here: kind, rate"),
        ("inner..rate=1", "unknown key 'inner.'; allowed here: kind, rate"),
        ("count=many", "key 'count': .* integer.*, got 'many'"),
    ],
)
def test_a_wrong_override_is_named(tmp_path: Path, override: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        load_config(file(tmp_path, "name: x\n"), Outer, [override])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("count: 1\n", "key 'name' is missing"),
        ("name: x\ncount: 1.5\n", "key 'count': .*integer.*, got 1.5"),
        ("name: 3\n", "key 'name': .*string, got 3"),
        ("name: x\ninner: 3\n", "key 'inner': .*got 3"),
        ("name: x\ninner: {kind: c}\n", "key 'inner.kind': .*'a' or 'b', got 'c'"),
        ("name: x\ninner: {speed: 1}\n", "unknown key 'inner.speed'; allowed here: kind, rate"),
        ("name: x\nparts: [{}, {r: 1}]\n", "unknown key 'parts.1.r'; allowed here: kind, rate"),
        ("name: x\nnamed: {a: {r: 1}}\n", "unknown key 'named.a.r'; allowed here: kind, rate"),
        ("name: x\ncount: -1\n", "c.yaml: count is below zero"),
        ("", "must hold keys and values, got NoneType"),
        ("- a\n- b\n", "must hold keys and values, got list"),
        ("name: [\n", "is not valid YAML: .*expected.*, line 2, column 1.$"),
        ("name: x\nname: y\n", "is not valid YAML: key 'name' is given twice"),
        ("name: x\ninner: {rate: 1, rate: 2}\n", "key 'rate' is given twice"),
        ("name: &a x\ncount: *a\n", "is not valid YAML: aliases are not allowed"),
        ("name: !!python/name:os.system\n", "is not valid YAML"),
        ("name: 2020-13-45\n", "is not valid YAML"),
        ("? [a]\n: b\n", "is not valid YAML"),
        ("a: " + "[" * 5000, "is not valid YAML"),
        (b"\xff\xfe\x00", "is not valid YAML"),
        (b"name: \x00", "is not valid YAML"),
        (" " * (MAX_BYTES + 1), "over 1 MiB"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(
    tmp_path: Path, content: str | bytes, says: str
) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        load_config(file(tmp_path, content), Outer)
    assert "\n" not in str(caught.value)
    assert "c.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not valid JSON"),
        ('{"a": 1, "a": 2}', "is not valid JSON: key 'a' is given twice"),
        ("[1]", "must hold keys and values, got list"),
        ("[" * 100_000, "is not valid JSON"),
    ],
)
def test_a_wrong_json_file_is_named(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_mapping(file(tmp_path, content, "c.json"))


@pytest.mark.parametrize("name", ["none.yaml", "."])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(MissingFileError, match="there is no configuration file"):
        load_config(tmp_path / name, Outer)


def test_a_long_wrong_value_is_cut() -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"name": ["x" * 1000] * 1000})
    assert len(explain(caught.value, Outer)) < 200


@given(
    st.builds(
        Outer,
        name=st.text(st.characters(exclude_categories=["Cs", "Cc"])),
        count=st.integers(0),
        inner=st.builds(Inner, rate=st.floats(allow_nan=False, allow_infinity=False)),
    )
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, config: Outer) -> None:
    path = tmp_path_factory.mktemp("dump") / "c.yaml"
    dump_config(config, path)
    assert load_config(path, Outer) == config
    assert list(yaml.safe_load(path.read_text())) == list(Outer.model_fields)


def test_a_missing_package_names_its_extra() -> None:
    with (
        pytest.raises(
            MissingExtraError, match=r"training needs .* pip install 'kinestream\[train\]'"
        ),
        needs("training", "train", "nowhere_to_be_found"),
    ):
        import nowhere_to_be_found.inside  # type: ignore[import-not-found]  # noqa: F401


def test_another_missing_package_is_not_hidden() -> None:
    with (
        pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found") as caught,
        needs("training", "train", "torch"),
    ):
        import nowhere_to_be_found  # noqa: F401
    assert not isinstance(caught.value, MissingExtraError)
