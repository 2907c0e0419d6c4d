"""Index a whole hostile folder and print what came of it: python tests/hostile/run.py FOLDER [SEED].

The folder must be new. Prints a table of verdicts by class, the slowest file, the largest memory and the total time.
"""

import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]


def main(folder, seed=1):
    """Make, index, judge; then each file alone."""
    from hostile.corpus import make_hostile
    from hostile.judge import entries, is_acceptable, states, stored
    from hostile.trial import trials

    import eda_utils as eda

    found = make_hostile(Path(folder), int(seed))
    root, before, start = Path(folder, "root"), states(folder), time.monotonic()
    os.sched_setaffinity(0, {0})
    table = eda.index_folder(root, progress=False)
    seconds, memory = time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    rows = table.astype(object).where(table.notna(), None).set_index("path")
    counts = Counter()
    for path, kind, verdict in found:
        row = rows.loc[stored(path)]
        told = "problem" if row["problem"] else "warning" if row["warning"] else "read"
        is_good = is_acceptable(verdict, row["problem"], row["warning"])
        counts.update([(kind, told), (kind, "acceptable" if is_good else "wrong")])
        if not is_good:
            print(f"wrong: {kind} {verdict} {told} {path!a}")
    names = ("read", "warning", "problem", "acceptable", "wrong")
    print(f"{'class':24}", *(f"{name:>10}" for name in names))
    for kind in dict.fromkeys(kind for _, kind, _ in found):
        print(f"{kind:24}", *(f"{counts[kind, name]:10}" for name in names))
    print(f"{len(table)} rows, {len(entries(root))} entries, unchanged: {before == states(folder)}")
    print(f"{seconds:.1f} s on one core, {memory} MB, {sum(counts[key] for key in counts if key[1] == 'wrong')} wrong")
    alone = [path for path, *_ in found if not (os.path.islink(path) and os.path.isdir(path))]
    told = list(trials("index_alone", alone))
    for number, what in ((1, "slowest"), (2, "largest")):
        path, seconds, most, _ = max(told, key=lambda one: one[number])
        print(f"{what}: {path[len(str(root)) :]!a} {seconds:.1f} s {most >> 20} MB")
    print("failures:", [(path, failure) for path, _, _, failure in told if failure])


if __name__ == "__main__":
    main(*sys.argv[1:])
