"""Configuration files: JSON or YAML, one loader, overridable by dotted keys, validated by pydantic."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from kinestream.errors import ConfigError, MissingFileError

MAX_BYTES = 1 << 20

_SCIENTIFIC = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$")

Model = TypeVar("Model", bound=BaseModel)


def load_config(path: str | Path, model: type[Model], overrides: Sequence[str] = ()) -> Model:
    """Read, override and validate a configuration.

    Args:
        path: A ``.json``, ``.yaml`` or ``.yml`` file.
        model: The pydantic model to validate with.
        overrides: ``key.inner=value`` assignments; values are read as YAML.

    Raises:
        MissingFileError: There is no such file.
        ConfigError: It is not JSON or YAML, or a key or value is wrong; names the key.
    """
    values = read_mapping(path)
    for override in overrides:
        _assign(values, override)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error, model)}") from None


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
    path.write_text(text, encoding="utf-8")


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
        values = values.setdefault(part, {})
        if not isinstance(values, dict):
            raise ConfigError(f"--set {key}: {part!r} is a value, it has no keys inside.")
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
