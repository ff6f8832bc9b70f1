#!/usr/bin/env bash
# tree-sitter-powershell reads a redirection without a space as an argument, and finds no error.
#
# In PowerShell, `conda info >$null` and `conda info 2>$null` redirect just as with a space before the
# name of the file: `>` begins a token of its own wherever an argument may begin. The grammar makes
# `>$null` a `generic_token` among the arguments. Its tree has no error, so that who looks
# for redirections, or for what a command is called with, in scripts of others sees neither right.
#
# Seen with tree-sitter-powershell 0.26.4 and tree-sitter 0.26.1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    tree-sitter==0.26.1 tree-sitter-powershell==0.26.4
"$folder/venv/bin/python" - <<'PY'
import sys

import tree_sitter
import tree_sitter_powershell

parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def kinds(node):
    yield node.type
    for child in node.children:
        yield from kinds(child)


seen = {}
for text in ("conda info > $null", "conda info >$null", "conda info 2> $null", "conda info 2>$null"):
    root = parser.parse(text.encode()).root_node
    assert not root.has_error, text
    seen[text] = "redirection" in set(kinds(root))
    print(f"{text!r}: {'a redirection' if seen[text] else 'an argument'}")
sys.exit([*seen.values()] != [True, False, True, False])
PY
