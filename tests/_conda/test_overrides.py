"""conda with other settings, and on another machine, for a while and no longer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from conda.base.constants import UpdateModifier
from conda.base.context import context

from conda_offline_repo._conda import features, overrides
from conda_offline_repo._conda.exceptions import SettingError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.inside import Inside


#: The other of True and False.
OPPOSITE = object()
#: All that this package changes, with a value that nobody has configured, and how conda sees it.
CHANGED: dict[str, tuple[object, str]] = {
    "_channels": (("https://acme.example/one",), "channels"),
    "_pkgs_dirs": ((str(__file__),), "pkgs_dirs"),
    "_subdir": ("zos-z", "subdir"),
    "_use_only_tar_bz2": (OPPOSITE, "use_only_tar_bz2"),
    "add_pip_as_python_dependency": (OPPOSITE, ""),
    "allow_non_channel_urls": (OPPOSITE, ""),
    "local_repodata_ttl": (4321, ""),
    "notify_outdated_conda": (OPPOSITE, ""),
    "offline": (OPPOSITE, ""),
    "quiet": (OPPOSITE, ""),
    "update_modifier": (UpdateModifier.FREEZE_INSTALLED, ""),
}


def test_settings_are_in_force_for_a_while(me: Inside) -> None:
    before = dict(vars(context))
    with overrides.settings(offline=True, local_repodata_ttl=7):
        assert (context.offline, context.local_repodata_ttl) == (True, 7)
        with overrides.settings(local_repodata_ttl=8):
            assert (context.offline, context.local_repodata_ttl) == (True, 8)
        assert context.local_repodata_ttl == 7
    assert not context.offline
    assert dict(vars(context)) == before
    me.configure(offline=True)
    assert context.offline  # nothing hides the setting


def test_settings_are_back_after_an_error(me: Inside) -> None:
    with pytest.raises(ZeroDivisionError), overrides.settings(offline=True):
        raise ZeroDivisionError
    assert not context.offline


def test_another_machine(me: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(overrides.CUDA_OVERRIDE, "12.4")
    own, plugins = features.own_virtual_packages(), context.plugin_manager.list_name_plugin()
    packages = {"__win": "10", "__archspec": "1=x86_64"}
    with overrides.machine("win-64", packages, offline=True):
        assert (context.subdir, context.subdirs) == ("win-64", ("win-64", "noarch"))
        assert context.offline
        seen = features.own_virtual_packages()
        assert {name: seen[name][0] for name in seen} == {"__win": "10", "__archspec": "1"}
        assert seen["__archspec"] == ("1", "x86_64")
    assert features.own_virtual_packages() == own
    assert context.plugin_manager.list_name_plugin() == plugins
    assert os.environ[overrides.CUDA_OVERRIDE] == "12.4"
    assert not context.offline


def test_variable_that_was_not_set_is_not_left_behind(
    me: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(overrides.CUDA_OVERRIDE)
    with overrides.virtual_packages({}):
        assert features.own_virtual_packages() == {}
    assert overrides.CUDA_OVERRIDE not in os.environ


@pytest.mark.usefixtures("me")
@pytest.mark.parametrize("name", CHANGED)
def test_conda_sees_the_value_while_it_lasts(name: str) -> None:
    value, seen_as = CHANGED[name]
    names = [name, *filter(None, [seen_as])]
    before = {name: getattr(context, name) for name in names}
    if value is OPPOSITE:
        value = not before[name]
    hidden = name in vars(context)
    with overrides.settings(**{name: value}):
        for seen in names:
            assert getattr(context, seen) == value != before[seen], seen
    assert {name: getattr(context, name) for name in names} == before
    assert (name in vars(context)) == hidden


@pytest.mark.usefixtures("me")
def test_folder_is_compared_as_conda_writes_it(tmp_path: Path) -> None:
    with overrides.settings(_pkgs_dirs=(str(tmp_path / "a" / ".." / "pkgs"),)):
        assert context.pkgs_dirs == (str(tmp_path / "pkgs"),)


@pytest.mark.usefixtures("me")
@pytest.mark.parametrize("name", ["subdir", "pkgs_dirs", "root_prefix", "of_no_conda"])
def test_what_would_not_be_in_force_is_refused(name: str) -> None:
    """Properties, which hide such a value, and what this conda does not have."""
    attributes = dict(vars(context))
    ran = False
    with (
        pytest.raises(SettingError, match=f"The setting {name} of conda "),
        overrides.settings(offline=True, **{name: ("elsewhere",)}),
    ):
        ran = True
    assert not ran
    assert vars(context) == attributes
    assert context.offline is False


@pytest.mark.usefixtures("me")
def test_another_setting_that_conda_prefers_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conda that looks elsewhere for the setting that has always been behind a public one."""
    monkeypatch.setattr(type(context), "subdir", property(lambda self: "linux-64"))
    with pytest.raises(SettingError, match="_subdir"), overrides.settings(_subdir="win-64"):
        pass
