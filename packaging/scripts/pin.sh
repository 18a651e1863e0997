#!/bin/sh
# Write the versions installed in .venv to packaging/constraints.txt, without local labels such
# as torch's +cpu, so that the same file serves machines with and without a GPU.
set -eu
cd "$(dirname -- "$0")/../.."
pins=$(.venv/bin/python -m pip freeze --exclude-editable | grep -v '@' | sed 's/+[a-z0-9.]*$//' |
    LC_ALL=C sort -f)
{
    echo "# The exact versions that Morgan is tested with; pip takes them with -c."
    echo "# Re-made with: make pin"
    printf '%s\n' "$pins"
} >packaging/constraints.txt
