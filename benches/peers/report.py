#!/usr/bin/env python3
"""Draws table.md and chart.svg from results.csv in the folder that is named: the best of each peer's numbers of threads."""
import csv
import math
import pathlib
import sys

NAMES = {
    "W1": "MLP 3-4-1, batch 1",
    "W2": "MLP 13-13-1, batch 23",
    "W3": "MLP 784-89-10, batch 60",
    "W4": "MLP 784-512-512-10, batch 128",
    "W5": "12 element-wise operations, 1024×1024",
    "W6": "MLP 1024-2048-2048-1024, batch 512",
    "W7": "16 filters of 5×5 on 28×28, batch 32",
    "W8": "LSTM 62-128, 25 steps, batch 32",
    "W9": "W2, a million rows",
    "W10": "autoencoder 784-128-32, batch 128",
    "W11": "8 layers of 20, batch 1,024",
    "W12": "GRU 62-128, 25 steps, batch 32",
    "W13": "transformer block of 64, batch 8×32",
    "W14": "mean of 32 embeddings, batch 64",
}
# By the names of rows, in the order of columns: the best way to write a step for each library.
PEERS = {
    "pullback": "Pullback",
    "by-hand": "by hand",
    "ndarray": "ndarray",
    "candle": "candle",
    "burn": "burn",
    "dfdx": "dfdx",
    "torch-eager": "PyTorch",
    "torch-compile-whole": "PyTorch",
    "torch-nn": "PyTorch",
    "jax": "JAX",
}
COLOURS = {
    "by hand": "#7f8c8d",
    "ndarray": "#16a085",
    "candle": "#27ae60",
    "burn": "#d35400",
    "dfdx": "#8e44ad",
    "PyTorch": "#c0392b",
    "JAX": "#2980b9",
}
# What is no framework.
OURS = ("Pullback", "by hand", "ndarray")


def read(path):
    """The least median of each peer, workload and number of threads, and all losses of each workload."""
    medians, losses = {}, {}
    for row in csv.DictReader(path.open()):
        if row["who"] == "who":
            continue
        key = PEERS[row["who"]], row["workload"], row["threads"]
        medians[key] = min(medians.get(key, float("inf")), float(row["median_us"]))
        losses.setdefault(row["workload"], {})[row["who"]] = float(row["loss_1"])
    return medians, losses


def best_of(medians, threads=None):
    """The least of each peer and workload, with so many threads, or any number."""
    best = {}
    for (peer, workload, count), us in medians.items():
        if threads is None or count == threads:
            best[peer, workload] = min(best.get((peer, workload), float("inf")), us)
    return best


def disagreements(losses):
    """Workloads whose peers do not start from the same loss."""
    for workload, by_peer in losses.items():
        low, high = min(by_peer.values()), max(by_peer.values())
        if high - low > 1e-3 * abs(high) + 2e-6:
            yield f"the losses of {workload} differ: {by_peer}"


def number(us):
    digits = 2 - max(0, math.floor(math.log10(us)))
    return f"{us:,.{max(digits, 0)}f}"


def ratio(best, peers, workload):
    """How many times as fast as the fastest framework this crate is."""
    others = [best[p, workload] for p in peers if p not in OURS and (p, workload) in best]
    ours = best.get(("Pullback", workload))
    return f"{min(others) / ours:.2f}" if others and ours else ""


def table(medians, peers, workloads):
    best, alone = best_of(medians), best_of(medians, "1")
    heads = ["microseconds a step", *peers, "fastest framework / Pullback", "the same on one thread"]
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    for workload in workloads:
        times = [best.get((peer, workload)) for peer in peers]
        cells = [number(t) if t is not None else "" for t in times]
        cells += [ratio(best, peers, workload), ratio(alone, peers, workload)]
        lines.append(f"| {workload} {NAMES.get(workload, '')} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def chart(best, peers, workloads):
    """A row for each workload: the times of all peers relative to Pullback's, on a logarithmic scale."""
    left, width, row, top = 300, 560, 26, 58
    others = [p for p in peers if p != "Pullback"]
    ratios = {(p, w): us / best["Pullback", w] for (p, w), us in best.items() if p != "Pullback" and w in workloads}
    low, high = math.log10(min(0.5, *ratios.values())), math.log10(max(10.0, *ratios.values()))

    def x(ratio):
        return left + width * (math.log10(ratio) - low) / (high - low)

    bottom = top + row * len(workloads)
    parts = []
    for i, peer in enumerate(others):
        parts.append(f'<circle cx="{left + 80 * i}" cy="11" r="5" fill="{COLOURS[peer]}"/>')
        parts.append(f'<text x="{left + 80 * i + 9}" y="15">{peer}</text>')
    for power in range(math.ceil(low), math.floor(high) + 1):
        at, label = x(10.0**power), f"{10.0**power:g}×"
        parts.append(f'<line x1="{at:.1f}" y1="{top - 8}" x2="{at:.1f}" y2="{bottom}" stroke="#d5d8dc"/>')
        parts.append(f'<text x="{at:.1f}" y="{top - 14}" text-anchor="middle">{label}</text>')
    for k, workload in enumerate(workloads):
        y = top + row * k + row / 2
        name = f'<tspan font-weight="bold">{workload}</tspan> {NAMES.get(workload, "")}'
        parts.append(f'<text x="8" y="{y + 4:.1f}">{name}</text>')
        parts.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + width}" y2="{y:.1f}" stroke="#eaecee"/>')
        for peer in others:
            if (peer, workload) in ratios:
                at = x(ratios[peer, workload])
                title = f"<title>{peer}: {ratios[peer, workload]:.2f}</title>"
                look = f'r="5" fill="{COLOURS[peer]}" fill-opacity="0.85"'
                parts.append(f'<circle cx="{at:.1f}" cy="{y:.1f}" {look}>{title}</circle>')
    line = f'<line x1="{x(1.0):.1f}" y1="{top - 8}" x2="{x(1.0):.1f}" y2="{bottom}" stroke="#2c3e50" stroke-width="1.5"/>'
    size = f'width="{left + width + 30}" height="{bottom + 12}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12" fill="#2c3e50">'
    ground = '<rect width="100%" height="100%" fill="white"/>'
    title = "<title>The time of a training step, relative to that of Pullback: to the right of 1 is slower</title>"
    return "\n".join([head, title, ground, *parts, line, "</svg>"]) + "\n"


def main():
    out = pathlib.Path(sys.argv[1])
    medians, losses = read(out / "results.csv")
    for problem in disagreements(losses):
        print("warning:", problem, file=sys.stderr)
    best = best_of(medians)
    there = {p for p, _ in best}
    peers = [p for p in dict.fromkeys(PEERS.values()) if p in there]
    # What no other peer has is no comparison.
    compared = {w for p, w in best if p not in OURS}
    workloads = sorted(compared, key=lambda w: int(w[1:]))
    text = table(medians, peers, workloads)
    (out / "table.md").write_text(text)
    if "Pullback" in peers:
        (out / "chart.svg").write_text(chart(best, peers, workloads))
    print(text)


if __name__ == "__main__":
    main()
