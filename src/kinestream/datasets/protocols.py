"""Protocols: which recordings are trained on and which are tested on, as data.

A recording has attributes, such as its subject and camera, mostly parsed from its name. A protocol
states for each split which values it takes; nothing of it is code.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from kinestream.datasets.subjects import parse_subjects
from kinestream.errors import ConfigError

Attributes = Mapping[str, str]
Values = Literal["odd", "even"] | tuple[int | str, ...]
Rule = dict[str, Values]

LOSO = "loso"
ALL = "all"
SUBJECT = "subject"


class Protocol(BaseModel):
    """A division of recordings into splits.

    Attributes:
        splits: For each split, the values of attributes it takes, all of which must hold: whole
            numbers (compared with the number an attribute ends in), ranges such as ``"1-17"``,
            other texts as they are, ``odd`` or ``even``. ``others`` takes what no other split
            takes.
        sizes: Recordings in each split of the whole data set, as published.
        source: Where the division was published.

    >>> views = Protocol(splits={"train": {"camera": (2, 3)}, "test": "others"})
    >>> views.split_of({"camera": "C003"}), views.split_of({"camera": "C001"})
    ('train', 'test')
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    splits: dict[str, Rule | Literal["others"]]
    sizes: dict[str, int] = {}
    source: str = ""

    def split_of(self, attributes: Attributes) -> str | None:
        """The split of a recording; None where it is in none.

        Raises:
            ConfigError: It is in two.
        """
        found = [
            split
            for split, rule in self.splits.items()
            if rule != "others" and _holds(rule, attributes)
        ]
        if len(found) > 1:
            who = ", ".join(f"{key} {value}" for key, value in attributes.items())
            raise ConfigError(f"{who} is both in {found[0]} and in {found[1]}: choose one.")
        if found:
            return found[0]
        return next((split for split, rule in self.splits.items() if rule == "others"), None)

    def unmet(self, recordings: Collection[Attributes]) -> list[str]:
        """What the rules name and no recording has, a sentence for each split and attribute."""
        lines = []
        for split, rule in self.splits.items():
            for attribute, values in rule.items() if rule != "others" else ():
                present = {one.get(attribute, "") for one in recordings}
                named = values if isinstance(values, tuple) else ()
                absent = [
                    str(one) for one in named if not any(_matches((one,), p) for p in present)
                ]
                if absent:
                    lines.append(f"{split}: no recording has {attribute} {', '.join(absent)}")
        return lines

    def rules(self) -> str:
        """What the splits take, in words.

        >>> Protocol(splits={"train": {"subject": (1, "4-6"), "view": "odd"}}).rules()
        'train: subject 1, 4-6 and view odd'
        """
        return "; ".join(
            f"{split}: {rule if rule == 'others' else ' and '.join(_words(rule))}"
            for split, rule in self.splits.items()
        )

    def attributes(self) -> set[str]:
        """Names of the attributes that the rules look at."""
        return {name for rule in self.splits.values() if rule != "others" for name in rule}


def find_protocol(
    name: str,
    protocols: Mapping[str, Protocol],
    recordings: Collection[Attributes],
    of: str,
) -> Protocol:
    """A protocol by name, or one that anything with subjects has.

    Args:
        name: A key of ``protocols``; ``loso:SUBJECT`` tests on one subject and trains on the
            others; ``all`` puts everything into one split of that name.
        protocols: Those of the data set.
        recordings: Attributes of its recordings.
        of: What the data set is called, for messages.

    Raises:
        ConfigError: There is none of that name, or the recordings lack what it looks at.
    """
    kind, _, who = name.partition(":")
    if name == ALL:
        return Protocol(splits={ALL: "others"})
    if kind == LOSO:
        return leave_one_out(who, [one.get(SUBJECT, "") for one in recordings], of)
    if name not in protocols:
        raise ConfigError(
            f"{of} has no protocol {name!r}; use one of {', '.join([*protocols, ALL])} or "
            f"{LOSO}:SUBJECT."
        )
    found = protocols[name]
    for attribute in sorted(found.attributes()):
        if not any(one.get(attribute) for one in recordings):
            raise ConfigError(
                f"protocol {name!r} of {of} looks at {attribute!r}, which no recording has: its "
                f"split file is missing beside the recordings, or it is another data set."
            )
    return found


def leave_one_out(subject: str, subjects: Sequence[str], of: str) -> Protocol:
    """Test on one subject, train on all others.

    Raises:
        ConfigError: No recording shows this subject.
    """
    known = sorted(set(subjects) - {""})
    value: int | str = int(subject) if re.fullmatch(r"\d{1,9}", subject) else subject
    if not any(_matches((value,), one) for one in known):
        raise ConfigError(
            f"{of} has no subject {subject!r} to leave out; it has "
            f"{', '.join(known) or 'no subjects by name'}."
        )
    return Protocol(splits={"test": {SUBJECT: (value,)}, "train": "others"})


def by_subjects(
    train: str | Sequence[str] | None,
    test: str | Sequence[str] | None,
    usual: Protocol | None,
    subjects: Sequence[str],
    of: str,
) -> Protocol:
    """A protocol from lists of subjects; a list that is not given is the usual one's.

    Raises:
        ConfigError: A list names a subject that no recording shows, or cannot be read.
    """
    present = sorted(set(subjects) - {""})
    splits = dict(usual.splits) if usual is not None else {}
    for split, given in (("train", train), ("test", test)):
        if given is None:
            splits.setdefault(split, "others")
            continue
        wanted = tuple(_as_named(one, present) for one in parse_subjects(given))
        absent = [one for one in wanted if one not in present]
        if absent:
            raise ConfigError(
                f"{split} subject {_some(absent)} is not in {of}; it has "
                f"{', '.join(present) or 'no subjects by name'}."
            )
        splits[split] = {SUBJECT: wanted}
    return Protocol(splits=splits, source="subjects as given")


def _as_named(wanted: str, present: Sequence[str]) -> str:
    """The subject that a number stands for, where the data set writes it with letters or zeros."""
    if wanted in present or not wanted.isdigit():
        return wanted
    return next((one for one in present if _number(one) == int(wanted)), wanted)


def _some(names: Sequence[str], shown: int = 5) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def _words(rule: Rule) -> Iterator[str]:
    for attribute, values in rule.items():
        named = values if isinstance(values, str) else ", ".join(str(value) for value in values)
        yield f"{attribute} {named}"


def _holds(rule: Rule, attributes: Attributes) -> bool:
    return all(_matches(values, attributes.get(name, "")) for name, values in rule.items())


def _matches(values: Values, text: str) -> bool:
    number = _number(text)
    if values == "odd" or values == "even":
        return number is not None and number % 2 == (values == "odd")
    return any(_is(value, text, number) for value in values)


def _is(value: int | str, text: str, number: int | None) -> bool:
    if isinstance(value, int):
        return number == value
    ends = re.fullmatch(r"(\d+)-(\d+)", value)
    if ends is not None and number is not None:
        return int(ends[1]) <= number <= int(ends[2])
    return value == text


def _number(text: str) -> int | None:
    found = re.search(r"\d{1,9}$", text)
    return int(found[0]) if found else None
