#!/usr/bin/env bash
# Measures every peer and this crate in one session, and draws one table and one chart of them (`report.py`).
#
#   benches/peers/run.sh [OUT] [peer...]        # peers: pullback ndarray candle burn dfdx torch jax; all if none is named
#
# OUT, `target/peers` if it is not given, receives results.csv, table.md and chart.svg. Python peers run in the virtual
# environment that $VENV names, OUT/venv if it is not set; one is made there if there is none (PyTorch is large).
# THREADS="1 2", SECONDS_EACH=1 and WORKLOADS="W1 W2" may be set. A peer that fails is left out, and said so.
#
# All is built before anything is measured, and peers take turns workload by workload: what the machine does for a
# minute meets all of them.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${1:-$root/target/peers}
shift || true
peers=${*:-pullback ndarray candle burn dfdx torch jax}
workloads=${WORKLOADS:-W1 W2 W3 W4 W5 W6 W7 W8 W9 W10 W11 W12 W13 W14 W15}
export BENCH_SECS=${SECONDS_EACH:-1}
mkdir -p "$out"
out=$(cd "$out" && pwd)
venv=${VENV:-$out/venv}
echo "who,workload,threads,median_us,p10_us,p90_us,allocations,peak_bytes,loss_1,loss_10" > "$out/results.csv"

build() {
    case $1 in
        pullback) cargo bench --quiet --manifest-path "$root/Cargo.toml" -p pullback --features threads --bench step --no-run ;;
        torch | jax)
            [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
            "$venv/bin/python" -c "import $1, numpy" 2> /dev/null || "$venv/bin/pip" install --quiet "$1" numpy ;;
        *) (cd "$here/$1" && CARGO_TARGET_DIR="$out/$1" cargo build --release --quiet) ;;
    esac || echo "does not build: $1" >&2
}

# Runs a command, with as many threads as $THREADS says, and keeps what it prints.
measure() {
    local pin=()
    [ "$THREADS" = 1 ] && pin=(taskset -c 0)
    RAYON_NUM_THREADS=$THREADS OMP_NUM_THREADS=$THREADS MKL_NUM_THREADS=$THREADS \
        timeout 600 "${pin[@]}" "$@" >> "$out/results.csv" 2>> "$out/errors.txt" || echo "failed: $*" >&2
}

# One peer, one workload.
turn() {
    case $1 in
        pullback)
            measure cargo bench --quiet --manifest-path "$root/Cargo.toml" -p pullback --features threads --bench step -- \
                --csv --seconds "$BENCH_SECS" --threads "$THREADS" "$2" ;;
        torch) for MODE in eager compile-whole; do export MODE; measure "$venv/bin/python" "$here/torch_peer.py" "$2"; done ;;
        jax) measure "$venv/bin/python" "$here/jax_peer.py" "$2" ;;
        *) measure "$out/$1/release/$1-peer" "$2" ;;
    esac
}

for peer in $peers; do build "$peer"; done
for THREADS in ${THREADS:-1 2}; do
    export THREADS
    for workload in $workloads; do
        for peer in $peers; do turn "$peer" "$workload"; done
    done
done
python3 "$here/report.py" "$out"
