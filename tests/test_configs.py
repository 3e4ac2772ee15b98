"""Every shipped configuration loads, builds and trains; the page that lists them is up to date."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from kinestream.clips import Clip
from kinestream.config import load_config, read_mapping
from kinestream.datasets import Entry, write_dataset
from kinestream.datasets.known import known_set
from kinestream.features import Pipeline
from kinestream.models import NETWORKS, Network, build_network
from kinestream.models.published import PUBLISHED
from kinestream.skeletons import adjacency, skeleton
from kinestream.training.config import TrainConfig
from kinestream.training.loop import train
from kinestream.training.run_folder import RunFolder

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
RUNS = sorted(CONFIGS.glob("*.yaml"))
SETS = sorted((CONFIGS / "sets").glob("*.yaml"))
SMALL = sorted((CONFIGS / "networks" / "small").glob("*.yaml"))
AS_PUBLISHED = sorted((CONFIGS / "networks" / "published").glob("*.yaml"))
MACHINES = sorted((CONFIGS / "machines").glob("*.yaml"))


class Kind(NamedTuple):
    """What recordings of a data set are like."""

    skeleton: str
    channels: tuple[str, ...]
    classes: int
    fps: float
    people: int = 1


XYZ = ("x", "y", "z")
ACCELERATION = ("acc_x", "acc_y", "acc_z")
IMU = (*ACCELERATION, "gyro_x", "gyro_y", "gyro_z")
KINDS = {
    "sp_sw_har": Kind("phonewatch2", IMU, 5, 25),
    "utkinect": Kind("kinect20", XYZ, 11, 15),
    "daphnet": Kind("daphnet3", ACCELERATION, 2, 64),
    "nw_ucla": Kind("kinect20", XYZ, 10, 30),
    "utd_mhad": Kind("utd20", XYZ, 27, 30),
    "utd_mhad_inertial": Kind("utdmhad1", IMU, 27, 50),
    "sbu": Kind("sbu15", XYZ, 8, 15, people=2),
    "msr_action3d": Kind("msr20", XYZ, 20, 15),
    "florence3d": Kind("florence15", XYZ, 9, 30),
    "ntu60": Kind("ntu25", XYZ, 60, 30, people=2),
    "ntu120": Kind("ntu25", XYZ, 120, 30, people=2),
    "pku_mmd": Kind("ntu25", XYZ, 52, 30, people=2),
    "pku_mmd_v2": Kind("ntu25", XYZ, 52, 30, people=2),
    "hugadb": Kind("hugadb6", IMU, 12, 59),
    "lara": Kind("lara19", tuple(f"channel{c}" for c in range(6)), 8, 50),
    "imu_fog_it": Kind("imu7", IMU, 2, 60),
}
LARGE = {"ntu60", "ntu120", "pku_mmd", "pku_mmd_v2", "hugadb", "lara", "imu_fog_it"}
TRIMMED = {"nw_ucla", "utd_mhad", "utd_mhad_inertial", "sbu", "msr_action3d", "florence3d"}
TRIMMED |= {"ntu60", "ntu120"}


def set_of(config: TrainConfig) -> str:
    return Path(config.data.path).name


def clip_of(name: str, seed: int, frames: int = 24) -> Clip:
    """A random recording as those of a data set, its second person absent at times."""
    kind, rng = KINDS[name], np.random.default_rng(seed)
    layout = skeleton(kind.skeleton)
    shape = (len(kind.channels), frames, len(layout.joints), kind.people)
    data = rng.normal(size=shape).astype(np.float32)
    if name in LARGE and kind.people == 2:
        data[..., 1] = np.nan if seed % 2 else data[..., 1]
    labels = np.full(frames, seed % kind.classes)
    if name not in TRIMMED:
        labels[frames // 2 :] = (seed + 1) % kind.classes
    classes = ("background", *(f"class{k}" for k in range(1, kind.classes)))
    subject = f"S{seed:02}"
    return Clip(data, layout, kind.fps, kind.channels, classes, labels, subject, f"r{seed}")


@cache
def channels_of(name: str) -> int:
    """How many channels the features of a set's file make of its recordings."""
    config = load_config(CONFIGS / "sets" / f"{name}.yaml", TrainConfig, ["network.name=stgcn"])
    kind = KINDS[name]
    return len(Pipeline(skeleton(kind.skeleton), kind.channels, config.features).channels)


def network_of(config: TrainConfig) -> Network:
    """The network of a configuration for recordings of its data set."""
    name = set_of(config)
    kind, graph = KINDS[name], config.graph
    partition = adjacency(
        skeleton(kind.skeleton),
        graph.strategy,
        max_hop=graph.max_hop,
        dilation=graph.dilation,
        normalisation=graph.normalisation,
    )
    network, channels = config.network, channels_of(name)
    return build_network(network.name, partition, channels, kind.classes, **network.arguments)


def learns(network: Network, people: int, frames: int) -> bool:
    """Whether the gradient of one step on random clips is finite and reaches the first product."""
    torch.manual_seed(0)
    people = max(people, network.people)
    x = torch.randn(2, network.in_channels, frames, network.num_joints, people)
    stages = network.train().stages(x)
    loss = sum((z.logsumexp(1) - z[:, 0]).mean() for z in stages)
    assert isinstance(loss, torch.Tensor)
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    return all(bool(g.isfinite().all()) for g in gradients) and any(
        bool(g.any()) for g in gradients
    )


def stem(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", RUNS, ids=stem)
def test_a_run_trains(path: Path, tmp_path: Path) -> None:
    """From its file to a test figure, on a few frames of what its data set is like."""
    made = load_config(path, TrainConfig)
    name = set_of(made)
    entries = [
        Entry("train" if seed < 3 else "test", f"r{seed}", clip_of(name, seed))
        for seed in (1, 2, 3)
    ]
    write_dataset(tmp_path / "data", entries, name=name)
    overrides = [f"data.path={tmp_path / 'data'}", "data.protocol=null", "training.epochs=1"]
    overrides += ["training.batch_size=2", "training.threads=1", "training.device=cpu"]
    overrides += ["training.quantise_from=1"]
    if made.clips is not None:
        overrides += ["clips.frames=8"]
    config = load_config(path, TrainConfig, overrides)
    row = train(config, RunFolder(tmp_path / "run"))
    assert np.isfinite(row["train/loss"])
    assert 0 <= row["test/accuracy" if name in TRIMMED else "test/f1@50"] <= 100


@pytest.mark.parametrize("path", RUNS, ids=stem)
def test_a_run_says_how_to_run_it(path: Path) -> None:
    config, text = load_config(path, TrainConfig), path.read_text(encoding="utf-8")
    name = set_of(config)
    assert config.name == path.stem
    assert path.stem.startswith(name)
    assert text.startswith(f"# kinestream data prepare {name} path/to/")
    prepared = f" data/{name}{' --layout store' if config.data.protocol else ''} && "
    assert f"{prepared}kinestream train configs/{path.name}" in text.splitlines()[0]
    assert ("Not measured." in text) == (name in LARGE)
    assert ("base" in read_mapping(path)) or "Settings were" in " ".join(text.split("\n# "))


@pytest.mark.parametrize("path", SETS, ids=stem)
def test_a_set_is_known_and_so_is_its_protocol(path: Path) -> None:
    config = load_config(path, TrainConfig, ["network.name=stgcn"])
    known = known_set(path.stem)
    assert config.name == set_of(config) == path.stem == known.name
    protocol = config.data.protocol
    assert protocol is None or protocol in known.protocols or protocol.startswith("loso:")
    # Without a usual protocol of its own, a set must be told one that has a test split.
    assert protocol or known.protocols[known.protocol].splits.keys() >= {"train", "test"}
    assert known.people == KINDS[path.stem].people
    assert config.card["data_licence"] == known.licence
    if known.skeleton:
        assert known.skeleton == KINDS[path.stem].skeleton
    assert (config.clips is not None) == (path.stem in TRIMMED)
    assert ("Not measured." in path.read_text()) == (path.stem in LARGE)


@pytest.mark.parametrize("network", SMALL, ids=stem)
@pytest.mark.parametrize("of", [path for path in SETS if path.stem not in LARGE], ids=stem)
def test_every_small_network_suits_every_prepared_set(of: Path, network: Path) -> None:
    config = load_config([of, network], TrainConfig)
    assert config.network.name == network.stem
    made = network_of(config)
    assert made.streams == (of.stem not in TRIMMED)
    assert learns(made, KINDS[of.stem].people, 8)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("of", ["pku_mmd", "pku_mmd_v2", "hugadb", "lara", "imu_fog_it"])
def test_every_network_builds_for_every_large_continuous_set(of: str, name: str) -> None:
    path = CONFIGS / "sets" / f"{of}.yaml"
    network = network_of(load_config(path, TrainConfig, [f"network.name={name}"]))
    assert network.streams
    assert network.delay == 0


@pytest.mark.parametrize("path", AS_PUBLISHED, ids=stem)
def test_a_published_network_is_that_of_the_tables(path: Path) -> None:
    about = PUBLISHED[path.stem]
    values = read_mapping(path)
    graph = {"strategy": "spatial", "normalisation": "column"}
    assert graph | values["graph"] == graph | about["graph"]
    assert values["network"]["name"] == path.stem
    assert plain(values["network"]["arguments"]) == plain(about["arguments"])
    assert "Not measured." in path.read_text()


def plain(value: Any) -> Any:
    """Lists for tuples."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("path", AS_PUBLISHED, ids=stem)
def test_a_published_network_suits_the_sets_it_is_known_from(path: Path) -> None:
    action = PUBLISHED[path.stem]["people"] == 2
    for of in ("ntu60", "ntu120") if action else ("pku_mmd", "pku_mmd_v2", "hugadb", "lara"):
        files = [CONFIGS / "sets" / f"{of}.yaml", path, *MACHINES]
        network = network_of(load_config(files, TrainConfig))
        assert network.streams != action
    assert learns(network, KINDS[of].people, 8)


@pytest.mark.parametrize("path", MACHINES, ids=stem)
def test_a_machine_changes_nothing_but_how_fast_it_is(path: Path) -> None:
    """Data, network and recipe stay; so does the batch, which is part of the recipe."""
    run = CONFIGS / "pku_mmd_v2.yaml"
    before, after = load_config(run, TrainConfig), load_config([run, path], TrainConfig)
    assert before.model_dump(exclude={"training"}) == after.model_dump(exclude={"training"})
    different = {
        key
        for key, value in after.training.model_dump().items()
        if value != getattr(before.training, key)
    }
    assert different
    assert different <= {"device", "precision", "compile", "threads", "segment"}


def test_no_network_and_no_set_is_forgotten() -> None:
    assert {path.stem for path in SETS} == set(KINDS)
    assert [path.stem for path in SMALL] == [path.stem for path in AS_PUBLISHED] == sorted(NETWORKS)
    runs = [load_config(path, TrainConfig) for path in RUNS]
    assert {set_of(run) for run in runs} == set(KINDS)
    assert {run.network.name for run in runs if set_of(run) not in LARGE} == set(NETWORKS)
    assert {path.stem for path in MACHINES} == {"laptop", "small_gpu", "a100", "four_gpus"}


PAGE = (ROOT / "docs" / "configs.md").read_text(encoding="utf-8")


def test_the_page_lists_every_run() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_config_table.py"))
    assert made["filled"](PAGE) == PAGE, "run python docs/make_config_table.py"
    assert all(f"configs/{path.name})" in PAGE for path in RUNS)
    assert made["filled"](PAGE.replace("`costgcn` | a clip", "`stgcn` | a clip")) == PAGE


def test_the_commands_of_the_page_name_what_is_there() -> None:
    lines = PAGE.replace("\\\n", " ").splitlines()
    commands = [shlex.split(line.partition("kinestream train ")[2]) for line in lines]
    commands = [words for words in commands if words]
    assert len(commands) > 4
    for words in commands:
        overrides = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
        files = [ROOT / word for word in words if word.endswith(".yaml")]
        config = load_config(files, TrainConfig, overrides)
        network_of(config)
        known = known_set(set_of(config))
        assert config.data.protocol is None or config.data.protocol in known.protocols


def test_the_file_that_the_page_writes_is_one(tmp_path: Path) -> None:
    shutil.copytree(CONFIGS, tmp_path / "configs")
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / text.splitlines()[0].removeprefix("# ")
    path.write_text(text, encoding="utf-8")
    config = load_config(path, TrainConfig)
    assert config.name == path.stem == "sbu_wide"
    assert config.network.arguments["people"] == 2
    assert config.network.arguments["channels"] == [64, 64, 128, 128]
    assert learns(network_of(config), 2, 8)
