"""Configuration files: JSON or YAML, one loader, overridable by dotted keys, validated by pydantic.

Files are laid over one another: a section is merged key by key, anything else is replaced, lists too.
The files that the key ``base`` names lie below the file that names them. Below that lie the files
before it on the command line.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from kinestream.errors import ConfigError, MissingFileError
from kinestream.files import write_atomically

MAX_BYTES = 1 << 20
MAX_FILES = 16
"""Files that one configuration is made of at most."""

_SCIENTIFIC = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$")

Model = TypeVar("Model", bound=BaseModel)


def load_config(
    path: str | Path | Sequence[str | Path], model: type[Model], overrides: Sequence[str] = ()
) -> Model:
    """Read, override and validate a configuration.

    Args:
        path: A ``.json``, ``.yaml`` or ``.yml`` file, or several, each laid over those before it.
        model: The pydantic model to validate with.
        overrides: ``key.inner=value`` assignments; values are read as YAML.

    Raises:
        MissingFileError: There is no such file.
        ConfigError: It is not JSON or YAML, or a key or value is wrong; names the key.
    """
    paths = [path] if isinstance(path, str | Path) else list(path)
    values: dict[str, Any] = {}
    for each in paths:
        values = lay_over(values, read_layers(each))
    for override in overrides:
        _assign(values, override)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        named = ", ".join(str(each) for each in paths)
        raise ConfigError(f"{named}: {explain(error, model)}") from None


def lay_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two configurations; where both have a section, key by key, else the upper one counts.

    >>> lay_over({"a": {"x": 1, "y": 2}, "b": [1, 2]}, {"a": {"y": 3}, "b": [4]})
    {'a': {'x': 1, 'y': 3}, 'b': [4]}
    """
    made = dict(below)
    sections = [(made, above)]
    while sections:  # no recursion: files may be nested deeply
        into, values = sections.pop()
        for key, value in values.items():
            under = into.get(key)
            if isinstance(under, dict) and isinstance(value, dict):
                into[key] = dict(under)
                sections.append((into[key], value))
            else:
                into[key] = value
    return made


def read_layers(path: str | Path) -> dict[str, Any]:
    """Read a mapping and lay it over the files that its key ``base`` names.

    ``base`` is a file or a list of files, each laid over those before it. They lie in the folder of
    the file that names them, or below it, and may have bases of their own.

    Raises:
        MissingFileError: There is no such file.
        ConfigError: One of them is not JSON or YAML, lies elsewhere, or they are too many.
    """
    return _over_its_bases(Path(path), [])


def _over_its_bases(path: Path, read: list[Path]) -> dict[str, Any]:
    read.append(path)
    if len(read) > MAX_FILES:
        raise ConfigError(
            f"{read[0]} is made of more than {MAX_FILES} files: is one of them its own base?"
        )
    values = read_mapping(path)
    below: dict[str, Any] = {}
    for base in _bases(path, values.pop("base", [])):
        below = lay_over(below, _over_its_bases(base, read))
    return lay_over(below, values)


def _bases(path: Path, named: object) -> Iterator[Path]:
    names = named if isinstance(named, list) else [named]
    for name in names:
        if not isinstance(name, str) or not name:
            raise ConfigError(
                f"{path}: key 'base' takes the name of a file or a list of them, got {_shown(name)}."
            )
        base = path.parent / name
        try:
            inside = base.resolve().is_relative_to(path.parent.resolve())
            there = base.is_file()
        except (OSError, ValueError, RuntimeError):  # no name that a file can have
            inside, there = True, False
        if not inside:
            raise ConfigError(
                f"{path}: base {_shown(name)} must lie in the same folder or below; files from "
                f"elsewhere are laid over one another on the command line."
            )
        if not there:
            raise MissingFileError(f"{path}: there is no base {_shown(name)}.")
        yield base


def read_mapping(path: str | Path) -> dict[str, Any]:
    """Read a JSON or YAML mapping without validating it."""
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no configuration file {path}.")
    if path.stat().st_size > MAX_BYTES:
        raise ConfigError(f"{path} is over 1 MiB, too large for a configuration.")
    try:
        text = path.read_text(encoding="utf-8-sig")
        values = _parse_json(text) if path.suffix == ".json" else _parse_yaml(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid {_kind(path)}: {_first_line(error)}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold keys and values, got {type(values).__name__}.")
    return values


def dump_config(config: BaseModel, path: Path) -> None:
    """Write a resolved configuration as YAML."""
    text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    write_atomically(path, text.encode())


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """The first finding of a validation in one sentence, with the keys that are allowed."""
    # A misspelt key is also a missing one: the unknown key says more.
    first = min(error.errors(), key=lambda finding: finding["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        allowed = _allowed(model, first["loc"])
        return f"unknown key {key!r}; allowed here: {', '.join(allowed)}."
    if first["type"] == "missing":
        return f"key {key!r} is missing."
    if first["type"] == "value_error":  # raised by a validator of ours, whose sentence says it all
        return f"key {key!r}: {first['ctx']['error']}" if key else f"{first['ctx']['error']}"
    return f"key {key!r}: {first['msg'].rstrip('.')}, got {_shown(first['input'])}."


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _allowed(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    annotation: Any = model
    for part in location[:-1]:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            field = annotation.model_fields.get(str(part))
            annotation = None if field is None else field.annotation
        else:  # an entry of list[X] or dict[str, X]
            annotation = next(reversed(get_args(annotation)), None)
    known = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return sorted(annotation.model_fields) if known else []


def _assign(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set takes key=value, got {override!r}.")
    try:
        value = _parse_yaml(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError(f"--set {key}: {text!r} is not a value.") from None
    *outer, last = key.strip().split(".")
    for part in outer:
        inner = values.get(part)
        if inner is None:  # left out, or null as in resolved files
            inner = values[part] = {}
        if not isinstance(inner, dict):
            raise ConfigError(f"--set {key}: {part!r} is a value, it has no keys inside.")
        values = inner
    values[last] = value


def _parse_json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_unique)


def _parse_yaml(text: str) -> Any:
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        key = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"key {key!r} is given twice.")
    return values


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses aliases (bombs) and duplicate keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed in a configuration.")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            keys = Counter(self.construct_object(key) for key, _ in node.value)
            raise yaml.YAMLError(f"key {keys.most_common(1)[0][0]!r} is given twice.")
        return mapping


# 1e-3 is text to YAML 1.1 and a number to everybody else.
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _SCIENTIFIC, list("-+.0123456789"))


def _kind(path: Path) -> str:
    return "JSON" if path.suffix == ".json" else "YAML"


def _first_line(error: Exception) -> str:
    text = str(error)
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        text = f"{error.problem}, line {mark.line + 1}, column {mark.column + 1}"
    text = " ".join(text.split())[:200].rstrip(".")
    return f"{text or type(error).__name__}."
