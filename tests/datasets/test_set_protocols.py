"""Protocols as data: rules, split files, and the public protocols against published facts."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from kinestream.datasets.known import known_set, known_sets
from kinestream.datasets.preparing.sources import read_split_file
from kinestream.datasets.protocols import Protocol, by_subjects, find_protocol, leave_one_out
from kinestream.errors import ConfigError, DataError

SETS = list(known_sets().values())


def splits_of(protocol: Protocol, attribute: str, values: list[str]) -> dict[str, str | None]:
    return {value: protocol.split_of({attribute: value}) for value in values}


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ([2, 3], ["s02", "s03"]),
        (["2-4"], ["s02", "s03", "s04"]),
        (["1-2", 5], ["s01", "s02", "s05"]),
        (["s03"], ["s03"]),
        (["3"], []),
        ("odd", ["s01", "s03", "s05"]),
        ("even", ["s02", "s04"]),
    ],
)
def test_rules(rule: object, taken: list[str]) -> None:
    protocol = Protocol.model_validate({"splits": {"test": {"subject": rule}, "train": "others"}})
    found = splits_of(protocol, "subject", [f"s{k:02d}" for k in range(1, 6)])
    assert [who for who, split in found.items() if split == "test"] == taken
    assert set(found.values()) <= {"train", "test"}


def test_all_attributes_of_a_rule_must_hold() -> None:
    protocol = Protocol(splits={"test": {"view": (3,), "subject": ("1-7",)}})
    assert protocol.split_of({"view": "v03", "subject": "s07"}) == "test"
    assert protocol.split_of({"view": "v03", "subject": "s08"}) is None
    assert protocol.split_of({"view": "v02", "subject": "s01"}) is None
    assert protocol.split_of({"subject": "s01"}) is None


def test_a_recording_in_two_splits_is_an_error() -> None:
    protocol = Protocol(splits={"train": {"subject": "odd"}, "test": {"subject": (3,)}})
    with pytest.raises(ConfigError, match="subject s3 is both in train and in test"):
        protocol.split_of({"subject": "s3"})


def test_protocols_are_found_by_name() -> None:
    recordings = [{"subject": "s01"}, {"subject": "s02"}]
    known = {"a": Protocol(splits={"train": {"camera": (1,)}})}
    assert find_protocol("all", known, recordings, "x").split_of(recordings[0]) == "all"
    one = find_protocol("loso:s02", known, recordings, "x")
    assert splits_of(one, "subject", ["s01", "s02"]) == {"s01": "train", "s02": "test"}
    with pytest.raises(ConfigError, match="x has no protocol 'b'; use one of a, all or loso:SUBJ"):
        find_protocol("b", known, recordings, "x")
    with pytest.raises(ConfigError, match="looks at 'camera', which no recording has"):
        find_protocol("a", known, recordings, "x")


@pytest.mark.parametrize("who", ["P007", "7", "007"])
def test_one_subject_is_left_out(who: str) -> None:
    protocol = leave_one_out(who, ["P007", "P017", "P007"], "x")
    assert splits_of(protocol, "subject", ["P007", "P017"]) == {"P007": "test", "P017": "train"}


@pytest.mark.parametrize("who", ["", "P008", "8", "x"])
def test_a_subject_that_is_not_there_cannot_be_left_out(who: str) -> None:
    with pytest.raises(ConfigError, match=r"no subject .* it has P007, P017"):
        leave_one_out(who, ["P007", "P017"], "x")
    with pytest.raises(ConfigError, match="no subjects by name"):
        leave_one_out(who, ["", ""], "x")


def test_lists_of_subjects_take_the_place_of_rules() -> None:
    usual = Protocol(splits={"train": {"subject": (1,)}, "test": {"subject": (2, 3)}})
    people = ["s1", "s2", "s3"]
    assert by_subjects(None, "s3", usual, people, "x").splits["train"] == {"subject": (1,)}
    both = by_subjects("1,s2", "3", None, people, "x")
    assert splits_of(both, "subject", people) == {"s1": "train", "s2": "train", "s3": "test"}
    rest = by_subjects("s1", None, None, people, "x")
    assert splits_of(rest, "subject", people) == {"s1": "train", "s2": "test", "s3": "test"}


def split_file(folder: Path, text: str) -> dict[str, str]:
    form = known_set("pku_mmd").split_files["cross-view"]
    (folder / "cross-view.txt").write_text(text)
    return read_split_file(folder / "cross-view.txt", form)


def test_split_files(tmp_path: Path) -> None:
    text = "Training videos:\r\n0002-L, 0002-M,\n0003-R \n\nValidation  videos: \n0004-L,0005-M"
    assert split_file(tmp_path, text) == {
        "0002-L": "train",
        "0002-M": "train",
        "0003-R": "train",
        "0004-L": "test",
        "0005-M": "test",
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0002-L\nTraining:\n", "line 1 comes before a heading; .* 'training' or 'validation'"),
        ("Training\nValidation\n", "lists no recordings"),
        ("\n", "is empty"),
        ("Training\n\0", "not a text file"),
    ],
)
def test_what_is_no_split_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        split_file(tmp_path, text)


@pytest.mark.parametrize("known", SETS, ids=lambda known: known.name)
def test_every_set_is_complete(known: object) -> None:
    from kinestream.datasets.known import KnownSet

    assert isinstance(known, KnownSet)
    groups = set(re.compile(known.several or known.recording).groupindex)
    assert set(re.findall(r"\{(\w+)\}", known.naming)) <= groups
    assert known.splits_inside or known.protocol in {*known.protocols, "all"}
    for protocol in known.protocols.values():
        assert protocol.attributes() <= groups | set(known.split_files)
        assert protocol.source
        assert set(protocol.sizes) <= set(protocol.splits)
        assert {"train", "test"} <= set(protocol.splits)
    assert known.units and known.licence and known.source and known.made and known.title


@pytest.mark.parametrize(
    ("name", "path", "recording", "attributes"),
    [
        ("ntu60", "a/S017C003P020R002A060.skeleton", "S017C003P020R002A060", {"camera": "C003"}),
        ("ntu120", "S032C003P106R002A120.skeleton", "S032C003P106R002A120", {"subject": "P106"}),
        ("pku_mmd", "skeleton/0002-L.txt", "0002-L", {"view": "L"}),
        ("pku_mmd_v2", "x/A01N12-R.skeleton", "A01N12-R", {"view": "R"}),
        ("nw_ucla", "a12_s03_e01_v02.json", "a12_s03_e01_v02", {"subject": "s03"}),
        ("utd_mhad", "a27_s8_t4_skeleton.mat", "a27_s8_t4", {"subject": "s8"}),
        ("utd_mhad_inertial", "Inertial/a1_s1_t1_inertial.mat", "a1_s1_t1", {"action": "a1"}),
        ("sbu", "x/s01s02/04/001/skeleton_pos.txt", "s01s02_a04_001", {"subject": "s01s02"}),
        ("msr_action3d", "a01_s02_e03_skeleton3D.txt", "a01_s02_e03", {"subject": "s02"}),
        ("daphnet", "dataset/S03R02.txt", "S03R02", {"subject": "S03", "run": "R02"}),
        ("hugadb", "HuGaDB_v2_various_01_00.txt", "various_01_00", {"subject": "01"}),
        ("hugadb", "HuGaDB_v1_going_up_12_03.txt", "going_up_12_03", {"activity": "going_up"}),
        ("utkinect", "joints_s01_e02.txt", "s01_e02", {"subject": "s01"}),
        ("sp_sw_har", "s01/s01_02_sw.csv", "s01_02", {"subject": "s01"}),
    ],
)
def test_names_tell_attributes(
    name: str, path: str, recording: str, attributes: dict[str, str]
) -> None:
    known = known_set(name)
    found = re.search(rf"(?:^|/){known.recording}$", f"/data/{path}")
    assert found is not None
    assert known.naming.format_map(found.groupdict()) == recording
    assert attributes.items() <= found.groupdict().items()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ntu60", "S018C003P020R002A060.skeleton"),
        ("ntu60", "S017C003P020R002A061.skeleton"),
        ("ntu60", "xS017C003P020R002A060.skeleton"),
        ("utd_mhad", "a1_s1_t1_inertial.mat"),
        ("pku_mmd", "A01N12-R.skeleton"),
    ],
)
def test_files_of_other_sets_are_not_taken(name: str, path: str) -> None:
    assert not re.search(rf"(?:^|/){known_set(name).recording}$", f"/data/{path}")


# NTU RGB+D: what is published, written down here independently of the data files.
NTU60_TRAIN = {1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38}
NTU120_TRAIN = NTU60_TRAIN | {45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80}
NTU120_TRAIN |= {81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94, 95, 97, 98, 100, 103}


@pytest.mark.parametrize(
    ("name", "people", "training"), [("ntu60", 40, NTU60_TRAIN), ("ntu120", 106, NTU120_TRAIN)]
)
def test_ntu_subjects(name: str, people: int, training: set[int]) -> None:
    """Half of the subjects train; each is in exactly one split."""
    protocol = known_set(name).protocols["xsub"]
    found = splits_of(protocol, "subject", [f"P{k:03d}" for k in range(1, people + 1)])
    assert {int(who[1:]) for who, split in found.items() if split == "train"} == training
    assert len(training) == people // 2
    assert set(found.values()) == {"train", "test"}


def test_ntu_cameras_and_setups() -> None:
    views = splits_of(known_set("ntu60").protocols["xview"], "camera", ["C001", "C002", "C003"])
    assert views == {"C001": "test", "C002": "train", "C003": "train"}
    setups = [f"S{k:03d}" for k in range(1, 33)]
    halves = splits_of(known_set("ntu120").protocols["xset"], "setup", setups)
    assert {int(setup[1:]) % 2 for setup, split in halves.items() if split == "train"} == {0}
    assert sum(split == "test" for split in halves.values()) == 16


@pytest.mark.parametrize(
    ("name", "missing", "usable"), [("ntu60", 302, 56_578), ("ntu120", 535, 113_945)]
)
def test_ntu_missing_skeletons(name: str, missing: int, usable: int) -> None:
    known = known_set(name)
    assert known.leave_out is not None
    names = known.leave_out.names()
    assert len(names) == missing
    wanted = re.compile(known.recording)
    assert all(wanted.fullmatch(f"{one}.skeleton") for one in names)
    for protocol in known.protocols.values():
        assert sum(protocol.sizes.values()) == usable


def test_ntu_names_are_divided_without_rest() -> None:
    known = known_set("ntu120")
    for setup, camera, subject in product((1, 18, 32), (1, 2, 3), range(1, 107)):
        attributes = {"setup": f"S{setup:03d}", "camera": f"C{camera:03d}"}
        attributes["subject"] = f"P{subject:03d}"
        for protocol in known.protocols.values():
            assert protocol.split_of(attributes) in {"train", "test"}


def test_pku_mmd_sizes_add_up_to_all_videos() -> None:
    for name, videos in (("pku_mmd", 1076), ("pku_mmd_v2", 1009)):
        for protocol in known_set(name).protocols.values():
            assert sum(protocol.sizes.values()) == videos


def test_sbu_folds_test_every_pair_once() -> None:
    pairs = ["s01s02", "s03s04", "s05s02", "s06s04", "s02s03", "s02s07", "s03s05", "s05s03"]
    pairs += ["s01s03", "s01s07", "s07s01", "s07s03", "s02s01", "s02s06", "s03s02", "s03s06"]
    pairs += ["s04s02", "s04s03", "s04s06", "s06s02", "s06s03"]
    folds = known_set("sbu").protocols
    assert len(folds) == 5
    for pair in pairs:
        splits = [fold.split_of({"subject": pair}) for fold in folds.values()]
        assert sorted(map(str, splits)) == ["test", "train", "train", "train", "train"]


def test_florence_halves_are_halves() -> None:
    people = [f"s{k:02d}" for k in range(1, 11)]
    for protocol in known_set("florence3d").protocols.values():
        splits = list(splits_of(protocol, "subject", people).values())
        assert (splits.count("train"), splits.count("test")) == (5, 5)


def test_daphnet_split() -> None:
    protocol = known_set("daphnet").protocols["s02"]
    assert protocol.split_of({"subject": "S02", "run": "R01"}) == "test"
    assert protocol.split_of({"subject": "S09", "run": "R01"}) == "valid"
    assert protocol.split_of({"subject": "S01", "run": "R02"}) == "train"
