"""Configuration files: read, overridden, checked, written; and optional parts that are missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from kinestream.config import (
    MAX_BYTES,
    MAX_FILES,
    dump_config,
    explain,
    lay_over,
    load_config,
    read_layers,
    read_mapping,
)
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


def test_a_file_is_laid_over_its_base(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    file(
        tmp_path / "parts",
        "base: low.yaml\ninner: {rate: 3}\nfree: {a: [1, 2], b: 1}\n",
        "mid.yaml",
    )
    file(tmp_path / "parts", "name: low\ncount: 7\ninner: {rate: 2, kind: b}\n", "low.yaml")
    top = file(tmp_path, "base: parts/mid.yaml\nname: top\nfree: {a: [3]}\n")
    config = load_config(top, Outer)
    assert config == Outer(
        name="top", count=7, inner=Inner(rate=3, kind="b"), free={"a": [3], "b": 1}
    )
    assert load_config(top, Outer, ["inner.rate=9"]).inner == Inner(rate=9, kind="b")


def test_of_several_bases_the_later_count(tmp_path: Path) -> None:
    file(tmp_path, "name: a\ncount: 1\ninner: {kind: b}\n", "a.yaml")
    file(tmp_path, '{"name": "b", "inner": {"rate": 5}}', "b.json")
    config = load_config(file(tmp_path, "base: [a.yaml, b.json]\n"), Outer)
    assert config == Outer(name="b", count=1, inner=Inner(rate=5, kind="b"))


def test_of_several_files_the_later_count(tmp_path: Path) -> None:
    file(tmp_path, "name: low\ncount: 1\n", "low.yaml")
    first = file(tmp_path, "base: low.yaml\nname: a\nfree: {x: 1}\n", "a.yaml")
    (tmp_path / "other").mkdir()
    second = file(tmp_path / "other", "count: 2\nfree: {y: 2}\n", "b.yaml")
    config = load_config([first, str(second)], Outer, ["free.z=3"])
    assert config == Outer(name="a", count=2, free={"x": 1, "y": 2, "z": 3})
    with pytest.raises(ConfigError, match=r"a\.yaml, .*b\.yaml: unknown key 'nmae'"):
        load_config([first, second], Outer, ["nmae=x"])


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        ("base: none.yaml", MissingFileError, "c.yaml: there is no base 'none.yaml'"),
        ("base: .", MissingFileError, "there is no base '.'"),
        ("base: ../c.yaml", ConfigError, "base '../c.yaml' must lie in the same folder or below"),
        ("base: sub/../../c.yaml", ConfigError, "must lie in the same folder or below"),
        ("base: /etc/passwd", ConfigError, "must lie in the same folder or below"),
        ("base: link.yaml", ConfigError, "must lie in the same folder or below"),
        ("base: loop.yaml", MissingFileError, "there is no base 'loop.yaml'"),
        ('base: "a\\0b"', MissingFileError, "there is no base"),
        (f"base: {'x' * 5000}", MissingFileError, "there is no base 'xxx"),
        ("base: 3", ConfigError, "key 'base' takes the name of a file or a list of them, got 3"),
        ("base: [low.yaml, {a: 1}]", ConfigError, "key 'base' takes the name of a file"),
        ("base: ''", ConfigError, "key 'base' takes the name of a file or a list of them, got ''"),
        ("base:", ConfigError, "key 'base' takes the name of a file or a list of them, got None"),
        ("base: c.yaml", ConfigError, f"c.yaml is made of more than {MAX_FILES} files"),
        ("base: [c.yaml, c.yaml]", ConfigError, "is one of them its own base"),
        (f"base: [{', '.join(['low.yaml'] * MAX_FILES)}]", ConfigError, "more than 16 files"),
        ("base: broken.yaml", ConfigError, "broken.yaml is not valid YAML"),
    ],
)
def test_a_wrong_base_is_named(
    tmp_path: Path, content: str, error: type[Exception], says: str
) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    file(tmp_path, "name: outside\n")
    file(folder, "name: low\n", "low.yaml")
    file(folder, "[", "broken.yaml")
    (folder / "link.yaml").symlink_to(tmp_path / "c.yaml")
    (folder / "loop.yaml").symlink_to(folder / "loop.yaml")
    with pytest.raises(error, match=says) as caught:
        load_config(file(folder, content), Outer)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_as_many_files_as_allowed_are_read(tmp_path: Path) -> None:
    for number in range(1, MAX_FILES):
        file(tmp_path, f"base: {number - 1}.yaml\ncount: {number}\n", f"{number}.yaml")
    file(tmp_path, "name: low\n", "0.yaml")
    assert read_layers(tmp_path / f"{MAX_FILES - 1}.yaml") == {"name": "low", "count": 15}


def test_what_lies_below_is_not_changed() -> None:
    below: dict[str, Any] = {"a": {"b": {"c": 1}}, "d": 2}
    assert lay_over(below, {"a": {"b": {"e": 3}}, "d": {"f": 4}}) == {
        "a": {"b": {"c": 1, "e": 3}},
        "d": {"f": 4},
    }
    assert below == {"a": {"b": {"c": 1}}, "d": 2}


def test_deep_sections_are_merged() -> None:
    below: dict[str, Any] = {}
    above: dict[str, Any] = {"x": 1}
    for _ in range(20_000):
        below, above = {"k": below}, {"k": above}
    made = lay_over(below, above)
    for _ in range(20_000):
        made = made["k"]
    assert made == {"x": 1}
    while below:  # taken apart by hand, as freeing them at once would nest as deeply
        below, above = below["k"], above["k"]
