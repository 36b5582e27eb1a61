#!/usr/bin/env python3
"""Draws table.md and chart.svg from results.csv in the folder that is named: the best of each peer's numbers of threads."""
import csv
import pathlib
import sys

# What is no framework.
OURS = ("pullback", "by-hand", "ndarray")
COLOURS = ["#c0392b", "#7f8c8d", "#2980b9", "#27ae60", "#8e44ad", "#d35400", "#16a085", "#2c3e50", "#b7950b"]


def read(path):
    """The least median of each peer, workload and number of threads, and all losses of each workload."""
    medians, losses = {}, {}
    for row in csv.DictReader(path.open()):
        if row["who"] == "who":
            continue
        key = row["who"], row["workload"], row["threads"]
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
    return f"{us:,.0f}" if us >= 100 else f"{us:.2f}"


def ratio(best, peers, workload):
    """How many times as fast as the fastest framework this crate is."""
    others = [best[p, workload] for p in peers if p not in OURS and (p, workload) in best]
    ours = best.get(("pullback", workload))
    return f"{min(others) / ours:.2f}" if others and ours else ""


def table(medians, peers, workloads):
    best, alone = best_of(medians), best_of(medians, "1")
    heads = ["microseconds a step", *peers, "fastest framework / pullback", "the same on one thread"]
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    for workload in workloads:
        times = [best.get((peer, workload)) for peer in peers]
        cells = [number(t) if t is not None else "" for t in times]
        cells += [ratio(best, peers, workload), ratio(alone, peers, workload)]
        lines.append(f"| {workload} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def chart(best, peers, workloads):
    """Bars of the time relative to pullback's on a logarithmic scale: 1 is the line, longer is slower."""
    import math

    bar, gap, left, width = 13, 16, 60, 560
    ratios = {(p, w): best[p, w] / best["pullback", w] for p in peers for w in workloads if (p, w) in best and ("pullback", w) in best}
    low, high = min(0, *(math.log10(r) for r in ratios.values())), max(math.log10(r) for r in ratios.values())
    x = lambda ratio: left + width * (math.log10(ratio) - low) / max(high - low, 1e-9)
    parts, y = [], 30
    for i, peer in enumerate(peers):
        parts.append(f'<rect x="{left + 95 * i}" y="6" width="10" height="10" fill="{COLOURS[i % len(COLOURS)]}"/>')
        parts.append(f'<text x="{left + 95 * i + 14}" y="15">{peer}</text>')
    for workload in workloads:
        parts.append(f'<text x="8" y="{y + 14}" font-weight="bold">{workload}</text>')
        for i, peer in enumerate(peers):
            if (peer, workload) not in ratios:
                continue
            start, end = sorted((x(1.0), x(ratios[peer, workload])))
            colour = COLOURS[i % len(COLOURS)]
            parts.append(f'<rect x="{start:.1f}" y="{y}" width="{max(end - start, 1):.1f}" height="{bar - 2}" fill="{colour}"/>')
            parts.append(f'<text x="{end + 4:.1f}" y="{y + 10}">{ratios[peer, workload]:.2f}</text>')
            y += bar
        y += gap
    line = f'<line x1="{x(1.0):.1f}" y1="24" x2="{x(1.0):.1f}" y2="{y}" stroke="currentColor" stroke-dasharray="3 3"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + max(width + 60, 95 * len(peers))}" height="{y}" font-family="sans-serif" font-size="11" fill="currentColor">'
    return "\n".join([head, "<title>Time of a training step relative to pullback; longer is slower</title>", *parts, line, "</svg>"]) + "\n"


def main():
    out = pathlib.Path(sys.argv[1])
    medians, losses = read(out / "results.csv")
    for problem in disagreements(losses):
        print("warning:", problem, file=sys.stderr)
    best = best_of(medians)
    peers = sorted({p for p, _ in best}, key=lambda p: (p not in ("pullback", "by-hand"), p != "pullback", p))
    workloads = sorted({w for _, w in best}, key=lambda w: int(w[1:]))
    text = table(medians, peers, workloads)
    (out / "table.md").write_text(text)
    if "pullback" in peers:
        (out / "chart.svg").write_text(chart(best, peers, workloads))
    print(text)


if __name__ == "__main__":
    main()
