"""Where wheels are looked for: by options of the request, by uv's settings, or by pip's."""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ...urls import same_server

#: Variables and keys of uv that say where it looks.
UV_VARIABLES = (
    *("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
)
#: What uv does not take from its own settings: the request says how old wheels have to be.
EXCLUDE_NEWER = "UV_EXCLUDE_NEWER"
COOLDOWN_KEYS = ("exclude-newer", "exclude-newer-package")
UV_KEYS = ("index", "index-url", "extra-index-url", "find-links", "no-index")
#: pip's keys, and whether they have several values.
PIP_KEYS = {
    **{"index-url": False, "extra-index-url": True, "find-links": True, "no-index": False},
    **{"trusted-host": True, "pre": False, "proxy": False, "cert": False},
}
#: Those that name addresses.
PLACES = ("index-url", "extra-index-url", "find-links")
#: What pip takes for no.
OFF = ("", "0", "false", "no", "off")


@dataclass(frozen=True)
class IndexSettings:
    """Where uv is to look for wheels.

    Attributes:
        lines: Options for uv, as lines of a requirements file.
        variables: Of the environment, for uv.
        urls: The indexes and pages that are known, with credentials.
        unused: The settings of uv that would leave out what is too new, and where they stand.
        exempt: The projects that one of them names.
        undated: The projects of which no index says when wheels were uploaded, whatever is asked.
    """

    lines: tuple[str, ...] = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)
    urls: tuple[str, ...] = field(repr=False)
    unused: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    undated: tuple[str, ...] = ()

    @property
    def for_downloads(self) -> dict[str, str]:
        """Variables of the environment that give requests the proxies and certificates of uv."""
        proxies = {name: url for name, url in self.variables.items() if name.endswith("_PROXY")}
        certificates = self.variables.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_FILE")
        if certificates and not os.environ.get("REQUESTS_CA_BUNDLE"):
            return {**proxies, "REQUESTS_CA_BUNDLE": certificates}
        return proxies

    def exclude_newer(self, cutoff: str) -> list[str]:
        """Return the options of uv for a moment before which wheels have to be uploaded, or for
        none, whatever its own settings are.
        """
        value = cutoff or "false"
        of_all = ["--exclude-newer", value] if cutoff or self.unused else []
        values = {**dict.fromkeys(self.exempt, value), **dict.fromkeys(self.undated, "false")}
        projects = values.items() if of_all or self.exempt else ()
        of_projects = (("--exclude-newer-package", f"{name}={v}") for name, v in projects)
        return [*of_all, *chain.from_iterable(of_projects)]

    def with_login(self, url: str) -> str:
        """Return the URL of a wheel with the credentials of an index on the same server."""
        if "@" not in urlsplit(url).netloc:
            for index in self.urls:
                login, at, _ = urlsplit(index).netloc.rpartition("@")
                if at and same_server(index, url):
                    return url.replace("://", f"://{login}@", 1)
        return url


def index_settings(options: Iterable[str]) -> IndexSettings:
    """Return where to look.

    Args:
        options: Of the request, in the form that requirements files have.
    """
    parsed = [_option(text) for text in options]
    uv_files = [*_uv_files()]
    tables = [t for f, _ in uv_files for t in (f, f.get("pip")) if isinstance(t, dict)]
    unused = [
        f"{key} in {path}"
        for content, path in uv_files
        for key in COOLDOWN_KEYS
        if any(isinstance(t, dict) and key in t for t in (content, content.get("pip")))
    ]
    unused += [EXCLUDE_NEWER] if os.environ.get(EXCLUDE_NEWER) else []
    exempt = {name for table in tables for name in table.get(COOLDOWN_KEYS[1]) or ()}
    stated = {key for table in tables for key in table}
    by_uv = any(map(os.environ.get, UV_VARIABLES)) or not stated.isdisjoint(UV_KEYS)
    replaced = {key for key, _ in parsed if not PIP_KEYS.get(key, True)}
    of_pip = () if by_uv else _pip_settings()
    settings = [*(pair for pair in of_pip if pair[0] not in replaced), *parsed]
    variables = {}
    hosts = [value for key, value in settings if key == "trusted-host"]
    if hosts:
        variables["UV_INSECURE_HOST"] = " ".join((os.environ.get("UV_INSECURE_HOST", ""), *hosts))
    for key, value in settings:
        if key == "pre" and value not in OFF:
            variables["UV_PRERELEASE"] = "allow"
        elif key == "proxy":
            variables |= {name: value for name in ("HTTP_PROXY", "HTTPS_PROXY")}
        elif key == "cert":
            variables.setdefault("SSL_CERT_FILE", os.environ.get("SSL_CERT_FILE", value))
    lines = [
        "--no-index" if key == "no-index" else f"--{key} {value}"
        for key, value in settings
        if key in UV_KEYS and not (key == "no-index" and value in OFF)
    ]
    own = [value for key, value in settings if key in PLACES]
    urls = (*own, *_uv_urls(tables))
    return IndexSettings(tuple(lines), variables, urls, tuple(unused), tuple(sorted(exempt)))


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not TOML.
        ImportError: Python 3.10 does not read it, and tomli is not installed.
    """
    if sys.version_info >= (3, 11):
        from tomllib import loads
    else:
        from tomli import loads
    return loads(path.read_text("utf-8"))


def _option(text: str) -> tuple[str, str]:
    key, _, value = re.sub(r"\s+|=", " ", text, count=1).partition(" ")
    return key.lstrip("-"), value.strip() or "true"


def _uv_files() -> Iterator[tuple[dict[str, Any], Path]]:
    """Yield the content of uv's configuration files, as far as they can be read, with their paths.

    https://docs.astral.sh/uv/concepts/configuration-files/
    """
    if file := os.environ.get("UV_CONFIG_FILE"):
        paths = [Path(file)]
    elif os.environ.get("UV_NO_CONFIG"):
        paths = []
    elif os.name == "nt":
        folders = (os.environ.get(name) for name in ("APPDATA", "PROGRAMDATA"))
        paths = [Path(folder, "uv", "uv.toml") for folder in folders if folder]
    else:
        user = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        paths = [Path(folder, "uv", "uv.toml") for folder in (user, "/etc/xdg", "/etc")]
    for path in paths:
        # uv itself says what is wrong with one; where tomli is missing, uv is not run
        with suppress(OSError, ValueError, ImportError):
            yield read_toml(path), path


def _listed(value: object) -> list[Any]:
    """Return the values of a key that has one or several; none of what is neither, as uv says."""
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _uv_urls(tables: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the indexes of uv's own settings, with credentials."""
    values = (os.environ.get(name, "") for name in UV_VARIABLES)
    named = [part for value in values for part in re.split(r"[\s,]+", value)]
    for table in tables:
        for index in _listed(table.get("index")):
            if isinstance(index, dict):
                named.append(f"{index.get('name', '')}={index.get('url', '')}")
        for key in PLACES:
            named += map(str, _listed(table.get(key)))
    for text in named:
        name, equals, url = text.partition("=")
        if not equals or "/" in name or ":" in name:
            name, url = "", text
        variable = f"UV_INDEX_{re.sub(r'[^A-Z0-9]', '_', name.upper())}_"
        login = [os.environ.get(f"{variable}{part}", "") for part in ("USERNAME", "PASSWORD")]
        if name and any(login) and "://" in url:
            url = url.replace("://", f"://{':'.join(quote(part, safe='') for part in login)}@", 1)
        if url:
            yield url


def _pip_settings() -> list[tuple[str, str]]:
    """Return pip's own settings, as far as they say where it looks; of one for a single value the
    strongest.

    https://pip.pypa.io/en/stable/topics/configuration/
    """
    stated: dict[str, str] = {}
    for file in _pip_files():
        parser = configparser.RawConfigParser()
        with suppress(OSError, UnicodeDecodeError, configparser.Error):
            parser.read_string(file.read_text("utf-8"))
        for section in ("global", "install"):
            for key in PIP_KEYS if parser.has_section(section) else ():
                if parser.has_option(section, key):
                    stated[key] = parser.get(section, key)
    for key in PIP_KEYS:
        if value := os.environ.get(f"PIP_{key.upper().replace('-', '_')}"):
            stated[key] = value
    return [
        (key, value)
        for key, many in PIP_KEYS.items()
        if key in stated
        for value in (stated[key].split() if many else [stated[key].strip()])
    ]


def _pip_files() -> Iterator[Path]:
    """Yield pip's configuration files, the strongest last."""
    forced = os.environ.get("PIP_CONFIG_FILE")
    if forced == os.devnull:
        return
    home, name = Path.home(), "pip.ini" if os.name == "nt" else "pip.conf"
    if os.name == "nt":
        yield Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData"), "pip", name)
        yield home / "pip" / name
        yield Path(os.environ.get("APPDATA", home), "pip", name)
    else:
        folders = os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)
        yield from (Path(folder, "pip", name) for folder in reversed(folders) if folder)
        yield Path("/etc", name)
        if sys.platform == "darwin":
            yield Path("/Library/Application Support/pip", name)
        yield home / ".pip" / name
        yield Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config", "pip", name)
        if sys.platform == "darwin":
            yield home / "Library" / "Application Support" / "pip" / name
    yield Path(sys.prefix, name)
    if forced:
        yield Path(forced)
