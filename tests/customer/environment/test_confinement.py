"""The settings of an environment whose repository is on a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_offline_repo.customer.environment.condarc import (
    configured,
    exempted,
    ours,
    restored,
    used,
)

CONDARC = Path("e", ".condarc")
FOLDER, SERVER, OTHER = "file:///srv/bank", "https://conda.bank/r/bank", "https://other.bank/bank"
OWN = """\
# mine
ssl_verify: /etc/ca.pem # of the bank
offline: true
allowlist_channels: # both
- main
repodata_fns: [mine.json]
"""


@pytest.mark.parametrize(
    "old", ["", "# mine\nssl_verify: false\n", "whitelist_channels: [x]\n", OWN]
)
def test_it_is_confined_to_the_server_and_undone(old: str) -> None:
    text = configured(old, SERVER, CONDARC)
    for line in (
        f"channels:\n- {SERVER}\n",
        f"allowlist_channels:\n- {SERVER}\n" if "# both" not in old else f"\n- {SERVER}\n",
        "default_channels: []\n",
        *(
            "notify_outdated_conda: false\n",
            "report_errors: false\n",
            "number_channel_notices: 0\n",
        ),
        *("repodata_use_zst: false\n", "repodata_use_shards: false\n"),
    ):
        assert line in text
    assert "offline" not in text
    assert "whitelist" not in text
    assert text == configured(text, SERVER, CONDARC)
    assert (used(text, CONDARC), ours(text, CONDARC)) == (SERVER, "")
    undone = restored(text, [SERVER], ours(old, CONDARC), CONDARC)
    assert sorted(undone.split()) == sorted(old.split())


def test_it_moves_to_another_server() -> None:
    text = configured(configured(OWN, SERVER, CONDARC), OTHER, CONDARC)
    assert SERVER not in text
    assert used(text, CONDARC) == OTHER


@pytest.mark.parametrize("changed", ["report_errors: true", "repodata_use_zst: true"])
def test_what_somebody_has_changed_since_then_stays(changed: str) -> None:
    name = changed.partition(":")[0]
    text = configured("", SERVER, CONDARC).replace(f"{name}: false", changed)
    assert restored(text, [SERVER], "", CONDARC) == f"{changed}\n"


def test_a_folder_leaves_the_settings_of_servers_alone() -> None:
    own = "repodata_fns: [mine.json]\nallowlist_channels: [main]\nreport_errors: true\n"
    text = configured(own, FOLDER, CONDARC)
    assert own in text
    assert restored(text, [FOLDER], ours(own, CONDARC), CONDARC) == own


@pytest.mark.parametrize(("one", "two"), [(SERVER, FOLDER), (FOLDER, SERVER)])
def test_it_moves_between_servers_and_folders(one: str, two: str) -> None:
    text = configured(configured("# mine\n", one, CONDARC), two, CONDARC)
    assert text == configured("# mine\n", two, CONDARC)
    assert (used(text, CONDARC), ours(text, CONDARC)) == (two, "")


def test_people_who_name_a_server_themselves_do_not_use_it() -> None:
    text = f"channels: [{SERVER}]\ndefault_channels: []\n"
    assert used(text, CONDARC) is None
    assert used(f"{text}allowlist_channels: [main, {SERVER}]\n", CONDARC) is None


@pytest.mark.parametrize("exempt", [True, False])
def test_exemption_names_the_server(exempt: bool) -> None:
    text = configured("", SERVER, CONDARC, exempt="channel" if exempt else None)
    assert (f"- channel: {SERVER}\n  exclude_newer: false\n" in text) == exempt
    assert restored(text, [SERVER], "", CONDARC) == ""


@pytest.mark.parametrize("last", [FOLDER, SERVER])
def test_exemption_is_known_when_the_repository_moves(last: str) -> None:
    """To a server, all is exempted, and not the channel: conda may have a login for that."""
    assert exempted(configured("", last, CONDARC), [last], OTHER, CONDARC) is None
    everything = configured("", last, CONDARC, exempt="environment")
    assert exempted(everything, [last], OTHER, CONDARC) == "environment"
    channel = configured("", last, CONDARC, exempt="channel")
    assert exempted(channel, [last], OTHER, CONDARC) == "environment"
    assert exempted(channel, [last], "file:///mnt/bank", CONDARC) == "channel"
