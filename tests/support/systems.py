"""What a system cannot do, and the tests that need it: they are skipped there, with the reason."""

from __future__ import annotations

import os
import re
import shutil
import sys

PIPES = "Windows has no named pipes among files"
FORKS = "Windows has no forks, which strike at a build's steps"
DEVICES = "Windows has no such devices, and asks for a privilege before it makes links"
MODES = "Windows has no such modes of files"
NAMES = "Windows refuses such names"
NOTHING = "the Python package for Windows, made on Linux, holds nothing to execute"
SHELL = "these scripts are for systems with a POSIX shell; Windows has others"
#: By what the test's name matches.
ON_WINDOWS = {
    r"test_hostile\.py::test_what_is_no_file\[.*-(device|link)": DEVICES,
    r"test_hostile\.py::test_what_is_no_file\[.*-pipe": PIPES,
    r"test_hostile\.py::test_names_and_licences_are_printed": NAMES,
    r"test_guard\.py::test_manifest_is_no_switch\[pipe": PIPES,
    r"test_guard\.py::test_pipe_in_the_place_of_a_file": PIPES,
    r"test_gone\.py::test_stick_(is_pulled_out_of_a_check|has_errors)": "open files stay there",
    r"test_base\.py::test_link_to_base": DEVICES,
    r"test_path_forms\.py::test_link_leads_past": DEVICES,
    r"test_authenticode\.py::test_what_is_not_a_script\[a link": DEVICES,
    r"test_demo\.py::": NOTHING,
    r"conversion/test_install\.py::test_environment_is_as": NOTHING,
    r"test_layout\.py::test_files_that_would_do_harm\S*\[.*-files2-": "zipfile reads \\ as /",
    r"test_from_pypi\.py::test_on_the_way": NOTHING,
    r"test_try_install\.py::test_(what_w|all_that|link_s|command_that|where_and)": NOTHING,
    r"test_benchmarks\.py::test_benchmarks_run": "the stopwatch needs POSIX",
    r"test_archive\.py::test_what_is_no_file_of_a_local_channel\S*\[.*-device": DEVICES,
    r"test_archive\.py::test_what_is_no_file_of_a_local_channel\S*\[.*-pipe": PIPES,
    r"test_archive\.py::test_(who_reads_the_root|folder_that_was_cl|files_that_stay_bec)": MODES,
    r"test_publish\.py::test_(deletion_that_fails|what_is_on_its_way|what_a_killed)": FORKS,
    r"test_publish\.py::test_damage_is_repaired\[.*a pipe": PIPES,
    r"test_download_stalled\.py::test_interruption": "a process there is not sent such a signal",
    r"docs/test_pages\.py::": "the commands of the pages are for a POSIX shell",
    r"test_plain_conda\.py::test_script_": SHELL,
    r"plain_conda/test_install\.py::test_(?!scripts_come|endings_are)": SHELL,
    r"test_plain_conda\.py::test_checksums_are": "Windows has neither sha256sum nor shasum",
    r"test_plugin_channel\.py::test_file_that_is_not_the_plugin\[a pipe": PIPES,
    r"test_signing\.py::test_key_that_cannot_sign\[of another user": MODES,
    r"test_signing\.py::test_key_that_only_the_agent": "ssh-agent is a service there",
    r"test_signature\.py::test_signature_that_is_no_file\[(link|pipe)": PIPES,
    r"test_sync\.py::test_what_is_no_file_in_the_source_is_named\[pipe": PIPES,
    r"test_sync\.py::test_what_is_(not_ours_is_refused\[link|no_file_in_the_target)": DEVICES,
    r"inputs/test_prefix\.py::test_record_that_is_no_file": PIPES,
    r"inputs/test_prefix\.py::test_second_way": DEVICES,
    r"inputs/test_prefix\.py::test_pip_has_installed_over_conda": "names there have no case",
    r"inputs/test_read\.py::test_never_ends": PIPES,
    r"inputs/test_read\.py::test_(no_file|by_way)": DEVICES,
    r"test_lock\.py::test_(what_is_in_the_place\S*\[(?!folder)|a_dangling_folder)": DEVICES,
}
ON_MACOS = {
    r"(test_demo|test_from_pypi|recipe/test_packages)\.py::": "the real packages are made on Linux",
}
BROWSER = "there is no Chromium here, which shows the pages"
#: Where the browser is; None for want of one.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
LINKS = "links lead nowhere under Wine"
LAUNCHERS = "conda's launchers are not in the copy of it on PyPI"
WILDCARDS = "cmd.exe knows no wildcards in quotation marks there"
POWERSHELL = "powershell.exe is there, and does nothing"
#: What Wine, or what `dev/windows.py` makes, cannot do though Windows can.
UNDER_WINE = {
    r"test_hostile\.py::test_folder_that_leads_nowhere": LINKS,
    r"test_guard\.py::test_(manifest_is_no_switch\[link|environment_knows_its_rep)": LINKS,
    r"test_bad_input\.py::test_(root_in_a_repository\[a link|folder_that_is_not_ours\[link)": LINKS,
    r"test_plugin_channel\.py::test_link_in_the_plugins_channel": LINKS,
    r"test_publish\.py::test_a_link_in_place_of": LINKS,
    r"test_overview\.py::test_what_is_not_ours_stays\[link": LINKS,
    r"test_report\.py::test_refused\[link": LINKS,
    r"test_locate\.py::test_way_through_a_link": LINKS,
    r"test_use_cmd\.py::test_folder_that_cannot_be_read\[(50%|a\^b)": "cmd.exe expands %, ^ twice",
    r"test_use_cmd\.py::test_folder_that_cannot_be_read\[(noarch|win)": WILDCARDS,
    r"test_use_ps1\.py::test_(with_plain_conda|with_the_p|in_con)": POWERSHELL,
    r"test_install_cmd\.py::test_root_\S*\[share": "the stand-in's launcher needs a drive there",
    r"test_use_cmd\.py::test_environments_below": "there is no console, and so no code page of one",
    r"test_tools\.py::test_uv_beside": "uv lies among the packages there, where no Windows has it",
    r"test_prove\.py::test_what_another": "its library is of another Python 3.11 than its DLL",
    r"test_bootstrap\.py::test_an_environment_does": "no launchers for environments are there",
    r"test_workflows\.py::test_workflow_has": "what check-jsonschema needs is left out there",
    r"test_same_bytes\.py::test_same_wheels": "libfaketime, which sets its clock, is for Linux",
    r"test_contracts\.py::test_(contracts_are_kept|forbidden)": "import-linter is left out there",
    r"test_server\.py::test_reset": "Wine ends a connection in good order before it resets it",
    r"test_diagnostics\.py::test_overridden_virtual": "the conda there knows no version of __win",
    r"test_use\.py::test_real_programs_run": LAUNCHERS,
    r"test_from_pypi\.py::test_signed": LAUNCHERS,
}


def under_wine() -> bool:
    """Whether this Windows is Wine."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


def reason_to_skip(test: str) -> str | None:
    """Why a test, by its name with the path, cannot run here; None if it can."""
    reasons: dict[str, str] = {}
    if os.name == "nt":
        reasons |= ON_WINDOWS
    if sys.platform == "darwin":
        reasons |= ON_MACOS
    if under_wine():
        reasons |= UNDER_WINE
    if os.name == "nt" or not CHROMIUM:
        reasons[r"test_browser\.py::"] = BROWSER
    return next((why for pattern, why in reasons.items() if re.search(pattern, test)), None)
