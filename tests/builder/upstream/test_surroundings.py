"""A build where the active environment, or a setting, keeps conda from the network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.tiny import TinyChannel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Vendor
    from tests.support.running import Conda


@pytest.fixture
def active(conda: Conda, vendor: Vendor, root: Path, tmp_path: Path) -> Path:
    """An environment of the vendor's that `use` has configured, as if to try a release."""
    channel = TinyChannel(tmp_path / "near")
    channel.add("tool")
    channel.write()
    request = ("-c", channel.folder.as_uri(), "--override-channels", "--no-label-channel", "tool")
    conda.build("--label", "tried", "--root", root, *request)
    conda.use(root / "tried", "-n", "active")
    return conda.envs / "active"


def refused(conda: Conda, active: Path, root: Path, *request: str) -> str:
    command = ("offline-repo", "build", "--label", "bank", "--root", str(root), *request)
    text = conda.fail(*command, CONDA_PREFIX=str(active)).stderr
    assert not (root / "bank").exists()
    assert conda.fail(*command, "--json", CONDA_PREFIX=str(active)).json["hints"]
    return text


def test_channel_that_conda_cannot_ask(
    conda: Conda, vendor: Vendor, root: Path, active: Path
) -> None:
    far = vendor.url(vendor.public)
    options = ("-c", far, "--override-channels", "--no-label-channel", "lib")
    text = refused(conda, active, root, *options)
    assert (
        f"offline, by {active / '.condarc'}, so it knows only its cached indexes of {far}." in text
    )
    assert "`conda deactivate`" in text


def test_channel_of_the_active_environment(conda: Conda, root: Path, active: Path) -> None:
    text = refused(conda, active, root, "--no-label-channel", "lib")
    assert f"/tried is among the channels because of {active / '.condarc'}" in text
    assert "`conda deactivate`" in text
    assert "conda is offline" not in text


def test_channel_of_the_active_environment_under_a_name_for_several(
    conda: Conda, root: Path, active: Path
) -> None:
    names = {"ours": [(root / "tried").as_uri()]}
    content = {"channels": ["ours"], "custom_multichannels": names, "offline": True}
    (active / ".condarc").write_text(json.dumps(content))
    text = refused(conda, active, root, "--no-label-channel", "lib")
    assert f"/tried is among the channels because of {active / '.condarc'}" in text


def test_channel_of_the_active_environment_is_told_where_it_does_no_harm(
    conda: Conda, vendor: Vendor, root: Path, active: Path, tmp_path: Path
) -> None:
    near = (tmp_path / "near").as_uri()
    command = ("--label", "bank", "--root", root, "-c", near, "--no-label-channel", "tool")
    result = conda.build(*command, CONDA_PREFIX=str(active))
    assert "/tried is among the channels because of " in result.stderr
    assert "`conda deactivate`" in result.stderr


def test_offline_by_choice(conda: Conda, vendor: Vendor, root: Path) -> None:
    far = vendor.url(vendor.public)
    options = ("-c", far, "--override-channels", "--no-label-channel", "lib", "--offline")
    text = conda.fail("offline-repo", "build", "--label", "b", "--root", str(root), *options).stderr
    assert f"offline, by the command line, so it knows only its cached indexes of {far}." in text
    assert "deactivate" not in text
