"""Policies where packages are made from wheels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conda_offline_repo.audit.exceptions import PolicyBreachedError
from tests.support.wheels import write_wheel

if TYPE_CHECKING:
    from typing import Any

    from tests.support.pip_vendor import PipVendor


def refused(vendor: PipVendor, stated: Any) -> dict[str, tuple[str, tuple[str, ...]]]:
    with pytest.raises(PolicyBreachedError) as raised:
        vendor.build("demo", policy=json.dumps(stated))
    return {
        each["archive"].rpartition("/")[2]: (each["problem"], each["needed_by"])
        for each in raised.value.breaches
    }


def test_wheels_are_judged_by_project_licence_and_origin(vendor: PipVendor) -> None:
    metadata = ("License-Expression: GPL-3.0-only",)
    requires = ("Other.Tool",)
    write_wheel(vendor.wheels, metadata=metadata, requires=requires)
    write_wheel(vendor.wheels, "other_tool")
    (demo,) = refused(vendor, {"licenses": {"deny": ["GPL-3.0-or-later"], "missing": "allow"}})
    assert demo.startswith("demo-1.0-")
    missing = refused(vendor, {"licenses": {"allow": ["BSD-3-Clause", "GPL-3.0-only"]}})
    assert [*missing.values()] == [("it states no licence", ("demo",))]
    (other,) = refused(vendor, {"packages": {"deny": ["other.tool <2"]}})
    assert other.startswith("other-tool-1.0-")
    channel = vendor.channel.folder.as_uri()
    origins = {origin for origin, _ in refused(vendor, {"channels": [channel]}).values()}
    assert origins == {"it is from a folder"}
    stated = {"channels": [channel, "pypi"], "packages": {"deny": ["other-tool >=2"]}}
    assert vendor.build("demo", policy=json.dumps(stated)).changed
    assert not vendor.build("demo", policy=json.dumps(stated)).changed
