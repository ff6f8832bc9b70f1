"""A policy in a file: one of its own, or `offline-repo.yml`."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

from ..exceptions import ConfigFileError, Mistake
from ..files.yaml_nodes import compose, data, mistake, read_text
from .policy import Policy, parse_policy, put_over


def read_policy(path: Path, label: str) -> Policy:
    """Return the policy that a YAML file states for a label; see `put_over`.

    Raises:
        ConfigFileError: It cannot be read, is not such YAML, or has no policy.
        PolicyError, LicensesMissingError: As `parse_policy`.
    """
    mistakes: list[Mistake] = []
    node = compose(read_text(path), path)
    content = data(node, lambda *wrong: mistakes.append(mistake(*wrong))) if node else None
    labels = content.get("labels") if isinstance(content, dict) else None
    both = (content, labels.get(label) if isinstance(labels, dict) else None)
    policies = [part["policy"] for part in both if isinstance(part, dict) and "policy" in part]
    if not policies:
        mistakes.append(Mistake(1, 1, f"There is no key 'policy' at its top or in {label!r}."))
    if mistakes:
        raise ConfigFileError(path, mistakes)
    for policy in policies:
        parse_policy(policy, path)
    return parse_policy(reduce(put_over, policies), path)
