#!/bin/sh
# Make .venv hold exactly what requirements.lock names, and this package beside it. Run from the top of the tree.
# The stamp .venv/.ready is written last, so an interrupted run is never taken for a finished one.
set -eu

STAMP=.venv/.ready
SYNCED=.venv/requirements.lock
HERE=$(pwd)

say() { printf 'inpaintlib: %s\n' "$*"; }
stop() { printf 'inpaintlib: %s\n' "$*" >&2; exit 1; }
stamped_here() { [ -x .venv/bin/python ] && [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$HERE" ]; }
older_than() { [ -n "$(find "$1" -newer "$STAMP")" ]; }

if stamped_here && ! older_than requirements.lock && ! older_than pyproject.toml; then exit 0; fi

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        recent "$PYTHON" || stop "PYTHON=$PYTHON is no Python of version 3.11 or newer: name one that is."
        return
    fi
    for PYTHON in python3.13 python3.12 python3.11 python3; do
        if recent "$PYTHON"; then return; fi
    done
    stop "no Python of version 3.11 or newer is on the PATH: install one, or name it with make PYTHON=/path/to/python3."
}

new_environment() {
    find_python
    "$PYTHON" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        stop "$PYTHON lacks its venv module: install it (on Debian and Ubuntu: apt-get install python3-venv) and run make again."
    say "making .venv with $("$PYTHON" --version)"
    "$PYTHON" -m venv --clear .venv
}

# uv itself is installed by pip from its own entry in the lock, hashes included.
locked_uv() { awk '/^[^ #]/ { mine = /^uv==/ } mine && !/^ *#/' requirements.lock; }

install_uv() {
    wanted=$(locked_uv | sed -n 's/^uv==\([^ ;]*\).*/\1/p')
    [ -n "$wanted" ] || stop "requirements.lock does not name uv: restore the file, or run make lock where .venv is complete."
    if .venv/bin/uv --version 2>/dev/null | grep -q "^uv $wanted\( \|\$\)"; then return; fi
    say "installing uv $wanted"
    locked_uv > .venv/uv.txt
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv/uv.txt ||
        stop "uv $wanted could not be installed (pip's reason stands above): check the network and run make again."
}

# While packages change there is no stamp: a run that is killed then begins anew. One that fails has changed nothing.
sync_packages() {
    if cmp -s requirements.lock "$SYNCED"; then return; fi
    say "installing what requirements.lock names (the first time: about 6 GB on Linux, a few minutes)"
    [ ! -f "$STAMP" ] || mv "$STAMP" "$STAMP.old"
    if .venv/bin/uv pip sync --quiet --require-hashes requirements.lock; then synced=yes; else synced=no; fi
    [ ! -f "$STAMP.old" ] || mv "$STAMP.old" "$STAMP"
    [ "$synced" = yes ] ||
        stop "the packages of requirements.lock could not be installed (uv's reason stands above): check network and disk, and run make again."
    cp requirements.lock "$SYNCED"
}

install_package() {
    say "installing inpaintlib itself, in place"
    .venv/bin/uv pip install --quiet --no-deps --no-build-isolation --offline --editable . ||
        stop "inpaintlib could not be installed in place (the reason stands above): mend pyproject.toml and run make again."
}

export VIRTUAL_ENV="$HERE/.venv" UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-300}"
stamped_here || new_environment
install_uv
sync_packages
install_package
rm -f .venv/uv.txt
printf '%s\n' "$HERE" > .venv/ready.new
mv .venv/ready.new "$STAMP"
say "ready"
