"""What one version of conda has and another has not: the same answers from each."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import pytest
from conda.base.context import context
from conda.exceptions import CondaSystemExit, DryRunExit
from conda.plugins import hookimpl

from conda_offline_repo._conda import features

if TYPE_CHECKING:
    from tests.support.inside import Inside


def test_this_machine_is_what_conda_says_it_is(me: Inside) -> None:
    own = features.own_virtual_packages()
    assert "__archspec" in own
    assert all(name.startswith("__") for name in own)
    assert all(isinstance(part, str) for pair in own.values() for part in pair)


def test_confirmed_as_conda_is_configured(me: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDA_ALWAYS_YES", "true")
    me.configure()
    features.confirm("Proceed")
    monkeypatch.setenv("CONDA_DRY_RUN", "true")
    me.configure()
    with pytest.raises(DryRunExit):
        features.confirm("Proceed")


@pytest.mark.parametrize(("answer", "default"), [("n\n", "yes"), ("\n", "no")])
def test_no_ends_it(me: Inside, answer: str, default: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(answer))
    with pytest.raises(CondaSystemExit):
        features.confirm("Proceed", default=default)  # type: ignore[arg-type]


class Broken:
    """A plugin that needs what is not installed."""

    @hookimpl  # type: ignore[untyped-decorator]
    def conda_environment_exporters(self) -> None:
        raise ImportError("cyclonedx")


def test_format_that_nobody_has() -> None:
    assert features.exporter("no-such-format") is None
    broken = Broken()
    context.plugin_manager.register(broken)
    try:
        assert features.exporter("cyclonedx-json") is None
    finally:
        context.plugin_manager.unregister(broken)
