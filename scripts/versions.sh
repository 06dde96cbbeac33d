#!/bin/sh
# `make test` of the last commit on each Python from 3.11 to 3.13 that is installed, with the newest packages that
# pyproject.toml allows instead of those of requirements.lock. Each works in a clone of its own in build/versions.
set -eu

NAMED='s/^\([a-z][^ ;]*==[^ ;]*\).*/\1/p'
failed=

say() { printf 'inpaintlib: %s\n' "$*"; }

# A function in a condition runs on after an error, so its steps are joined.
tested() {
    place="build/versions/$1"
    rm -rf "$place" && git clone --quiet . "$place" && sed -n "$NAMED" requirements.lock >"$place/.locked" &&
        rm "$place/requirements.lock" && make --silent lock LOCK="$place/requirements.lock" &&
        say "$("$1" --version), other than locked:" $(sed -n "$NAMED" "$place/requirements.lock" | grep -vxF -f "$place/.locked") &&
        make -C "$place" test PYTHON="$1"
}

for python in python3.11 python3.12 python3.13; do
    if ! "$python" --version >/dev/null 2>&1; then
        say "$python is not installed here"
    elif ! tested "$python"; then
        failed="$failed $python"
    fi
done
[ -z "$failed" ] || { say "failed:$failed" >&2; exit 1; }
