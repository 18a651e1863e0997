#!/bin/sh
# Set Morgan up in .venv of this checkout.
#
#   setup.sh run     what the app needs
#   setup.sh dev     that, and what the checks need
#
# Does nothing when nothing changed. PYTHON names the interpreter to use. Details of the step
# that failed are in .venv/setup.log.
set -u

kind=${1:-run}
case $kind in run | dev) ;; *) echo "usage: setup.sh run|dev" >&2; exit 2 ;; esac

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P) || exit 1
cd "$root" || exit 1

venv=$root/.venv
python=$venv/bin/python
log=$venv/setup.log
stamp=$venv/morgan-setup-$kind
built=$venv/morgan-llama-build
constraints=packaging/constraints.txt
torch_cpu_index=https://download.pytorch.org/whl/cpu

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "morgan: $*"
    exit 1
}

# --- has anything changed? ---------------------------------------------------------------

find_nvcc() {
    in_toolkit=${CUDA_HOME:-/usr/local/cuda}/bin/nvcc
    command -v nvcc || { [ -x "$in_toolkit" ] && echo "$in_toolkit"; }
}

state() {
    # The path counts because an installed checkout is found by it.
    echo "$root ${PYTHON:-}"
    [ -e /dev/nvidiactl ] || [ -e /dev/dxg ] && find_nvcc
    cksum pyproject.toml "$constraints" packaging/slim.cmake packaging/scripts/setup.sh
}

now=$(state | cksum)
if [ -x "$python" ]; then
    for done in "$stamp" "$venv/morgan-setup-dev"; do
        [ -f "$done" ] && [ "$(cat "$done")" = "$now" ] && exit 0
    done
fi

# --- what the machine must have ----------------------------------------------------------

good_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        good_python "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.11 or newer; set PYTHON to one that is."
        echo "$PYTHON"
        return
    fi
    for candidate in python3.13 python3.12 python3.11 python3; do
        if good_python "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is missing (python3 is $(python3 --version 2>&1 | head -n 1)); install it (Debian: apt install python3 python3-venv) or set PYTHON to its path."
}

check_compiler() {
    for compiler in "${CC:-}" cc gcc clang; do
        [ -n "$compiler" ] && command -v "${compiler%% *}" >/dev/null 2>&1 && break
        compiler=''
    done
    [ -n "$compiler" ] || fail "A C compiler is missing, and llama.cpp is compiled on this machine; install one (Debian: apt install build-essential, Fedora: dnf install gcc gcc-c++)."
    for compiler in "${CXX:-}" c++ g++ clang++; do
        [ -n "$compiler" ] && command -v "${compiler%% *}" >/dev/null 2>&1 && return
    done
    fail "A C++ compiler is missing, and llama.cpp is compiled on this machine; install one (Debian: apt install g++, Fedora: dnf install gcc-c++)."
}

check_disk() {
    free=$(df -Pk "$root" | awk 'NR == 2 { print int($4 / 1048576) }')
    [ "${free:-0}" -ge "$1" ] || fail "$root has $free GB of free disk and the set-up needs $1 GB; make room there, or move this checkout to a larger disk."
}

# --- steps with progress -----------------------------------------------------------------

child=''
trap 'stop_child; exit 130' INT
trap 'stop_child; exit 143' TERM HUP

stop_child() {
    [ -n "$child" ] && kill -TERM "-$child" 2>/dev/null
    [ -t 2 ] && say ""
}

elapsed() {
    seconds=$(($(date +%s) - started))
    [ "$seconds" -ge 60 ] && printf '%s min ' "$((seconds / 60))"
    printf '%s s' "$((seconds % 60))"
}

# How far a compile is, read from ninja's [n/m]; nothing for the other steps.
share() {
    tail -c 20000 "$log" 2>/dev/null | tr '\r' '\n' |
        sed -n 's|^[^[]*\[\([0-9][0-9]*\)/\([0-9][0-9]*\)\].*|\1 \2|p' |
        awk '$2 > 9 { at = int(100 * $1 / $2) } END { if (at != "") printf ", %d %%", at }'
}

# step TITLE COMMAND...: run the command with its output in the log, and show that it lives.
step() {
    title=$1
    shift
    started=$(date +%s)
    [ -t 2 ] || say "morgan: $title …"
    # Its own process group, so that Ctrl+C stops the compilers as well.
    "$python" -c 'import os, sys; os.setpgid(0, 0); os.execvp(sys.argv[1], sys.argv[1:])' \
        "$@" >"$log" 2>&1 &
    child=$!
    ticks=0
    while kill -0 "$child" 2>/dev/null; do
        sleep 1
        ticks=$((ticks + 1))
        if [ -t 2 ]; then
            printf '\r\033[Kmorgan: %s … %s%s' "$title" "$(elapsed)" "$(share)" >&2
        elif [ $((ticks % 30)) -eq 0 ]; then
            say "morgan: $title … $(elapsed)$(share)"
        fi
    done
    wait "$child"
    status=$?
    child=''
    if [ -t 2 ]; then printf '\r\033[K' >&2; fi
    [ "$status" -eq 0 ] || explain "$title"
    say "morgan: $title: done in $(elapsed)."
}

# One sentence for the usual causes; the log has the rest.
explain() {
    where="(details: $log)"
    if grep -qi 'no space left on device' "$log"; then
        fail "$1 failed because the disk is full; make room on the disk of $root and of ${TMPDIR:-/tmp}, then run this again $where."
    elif grep -qi 'fatal error: killed\|memoryerror\|cannot allocate memory' "$log"; then
        fail "$1 failed because memory ran out; close other programs, or set CMAKE_BUILD_PARALLEL_LEVEL=1, then run this again $where."
    elif grep -qi 'name resolution\|failed to establish a new connection\|network is unreachable\|connection refused\|read timed out\|proxyerror' "$log"; then
        fail "$1 failed because the package index cannot be reached; connect to the network (or set PIP_INDEX_URL to a mirror), then run this again $where."
    elif grep -qi 'no matching distribution found' "$log"; then
        package=$(sed -n 's/.*[Nn]o matching distribution found for \([^ ]*\).*/\1/p' "$log" | tail -n 1)
        fail "$1 failed because the package index has no $package for $("$python" --version); use another Python through PYTHON=…, or another index through PIP_INDEX_URL $where."
    elif grep -qi 'CMAKE_C_COMPILER\|CMAKE_CXX_COMPILER\|no cmake_c.*compiler' "$log"; then
        fail "$1 failed because the C/C++ compiler does not work; install one (Debian: apt install build-essential), then run this again $where."
    elif grep -qi 'nvcc fatal\|CUDA_ARCHITECTURES\|unsupported gnu version' "$log"; then
        fail "$1 failed because the CUDA compiler does not fit this machine's compiler or GPU; install a matching CUDA toolkit, or take nvcc out of PATH for a CPU build $where."
    fi
    fail "$1 failed: $(grep -i 'error' "$log" | tail -n 1 | cut -c 1-200) $where."
}

# pip_step TITLE ARGS...: pip install under the constraints.
pip_step() {
    title=$1
    shift
    step "$title" "$python" -m pip --disable-pip-version-check install \
        --no-input --progress-bar off -c "$constraints" "$@"
}

# --- the parts ---------------------------------------------------------------------------

make_venv() {
    if [ -e "$venv" ] && good_python "$python" && "$python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    interpreter=$(find_python) || exit 1
    "$interpreter" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        fail "$interpreter has no venv module; install it (Debian: apt install python3-venv)."
    say "morgan: creating .venv with $("$interpreter" --version) …"
    output=$("$interpreter" -m venv --clear "$venv" 2>&1) ||
        fail "creating $venv failed: $(printf '%s' "$output" | tail -n 1)"
}

# Sets gpu and cuda: is there an NVIDIA GPU, and its compiler?
look_for_gpu() {
    gpu='' cuda=''
    nvidia-smi -L >/dev/null 2>&1 || return 0
    gpu=yes
    cuda=$(find_nvcc) ||
        say "morgan: there is a GPU but no CUDA compiler, so the chat model will run on the CPU; install the CUDA toolkit (nvcc) and run this again to use the GPU."
}

installed() {
    "$python" -c 'import sys; from importlib.metadata import version; print(version(sys.argv[1]))' \
        "$1" 2>/dev/null
}

pinned() { sed -n "s/^$1==//p" "$constraints"; }

install_torch() {
    case $(installed torch) in "$(pinned torch)" | "$(pinned torch)+"*) return ;; esac
    index=''
    if [ -z "$gpu" ] && [ "$(uname -s)" = Linux ] && reachable "$torch_cpu_index/torch/"; then
        index="--extra-index-url $torch_cpu_index"
    fi
    # shellcheck disable=SC2086
    pip_step "installing torch" $index "torch==$(pinned torch)"
}

reachable() {
    "$python" -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=5).close()' \
        "$1" >/dev/null 2>&1
}

# The parts of llama.cpp that Morgan does not use are left out: 3 minutes instead of 8.
install_llama() {
    version=$(pinned llama_cpp_python)
    want="$version ${cuda:+cuda}"
    if [ "$(installed llama-cpp-python)" = "$version" ]; then
        had=$(cat "$built" 2>/dev/null || echo "$version ")
        [ "$had" = "$want" ] && return
        again="--force-reinstall --no-deps --no-cache-dir"
    else
        again=${cuda:+--no-cache-dir}
    fi
    check_compiler
    CMAKE_ARGS="-DLLAVA_BUILD=OFF -DCMAKE_PROJECT_llama_cpp_INCLUDE=$root/packaging/slim.cmake"
    if [ -n "$cuda" ]; then
        CMAKE_ARGS="$CMAKE_ARGS -DGGML_CUDA=on -DCMAKE_CUDA_COMPILER=$cuda"
    fi
    export CMAKE_ARGS
    # shellcheck disable=SC2086
    pip_step "compiling llama.cpp${cuda:+ for CUDA} (3 minutes or more)" \
        -v $again "llama-cpp-python==$version"
    printf '%s\n' "$want" >"$built"
}

case $root in *[[:space:]]*) fail "the path of this checkout has a blank in it, which the compile cannot handle; move it out of \"$root\"." ;; esac

say "morgan: setting up in $venv"
look_for_gpu
if [ ! -x "$python" ] || [ -z "$(installed torch)" ]; then
    if [ -n "$gpu" ] || [ "$(uname -s)" != Linux ]; then check_disk 12; else check_disk 6; fi
fi
[ "$(installed llama-cpp-python)" = "$(pinned llama_cpp_python)" ] || check_compiler
make_venv
install_torch
install_llama
extras=starter
[ "$kind" = dev ] && extras=starter,dev
pip_step "installing Morgan and its packages" -e ".[$extras]"
printf '%s\n' "$now" >"$stamp"
say "morgan: ready."
