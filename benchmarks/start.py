"""How much `import eda_utils` adds to importing numpy, pandas and pydicom: median of several fresh interpreters."""

import statistics
import subprocess
import sys
import time

RUNS = 9
BASE = "import numpy, pandas, pydicom"
CASES = {
    BASE: BASE,
    "the same and eda_utils": f"{BASE}, eda_utils",
    "the same and eda_utils.index_folder": f"{BASE}, eda_utils; eda_utils.index_folder",
    "the same and eda_utils.show_image": f"{BASE}, eda_utils; eda_utils.show_image",
}


def seconds(code):
    """Return the wall time of one fresh interpreter that runs `code`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main():
    """Interleave the cases, so that a busy moment hits all of them, and print medians and ratios."""
    times = {name: [] for name in CASES}
    for _ in range(RUNS):
        for name, code in CASES.items():
            times[name].append(seconds(code))
    base = statistics.median(times[BASE])
    print(f"{'imports':44} {'median s':>9} {'adds s':>8} {'ratio':>6}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:44} {median:9.3f} {median - base:8.3f} {median / base:6.2f}")


if __name__ == "__main__":
    main()
