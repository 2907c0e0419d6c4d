"""Precision and recall of each check of quality, in a folder of 300 images with planted defects and an answer key.

The images are drawn: six devices, some fifty kinds of defects, one to three of each, most images clean. Of each check
all other images are negatives, clean ones and those with other defects; "side effects" are findings that another defect
rightly causes, which tests/planted.py lists by name. The folders differ in their images. At last the same images are
audited without any defect: nothing must be found.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from planted import audit, make_planted, score


def examine(seed):
    """What is planted, told and right in one folder, and how much is told in one of the same images without defects."""
    with tempfile.TemporaryDirectory() as folder:
        key = make_planted(Path(folder), seed=seed)
        table = score(audit(Path(folder)), key)
    with tempfile.TemporaryDirectory() as folder:
        make_planted(Path(folder), clean=True, seed=seed)
        return table, len(audit(Path(folder)))


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folders", type=int, default=3, help="of 300 images each; default: 3")
    options = parser.parse_args()
    tables, clean = zip(*map(examine, range(1, options.folders + 1)), strict=True)
    together = pd.concat(tables).groupby("kind")
    table = together[["planted", "told", "side_effects"]].sum().assign(**together[["precision", "recall"]].mean())
    print(table.to_string(formatters={"precision": "{:.3f}".format, "recall": "{:.3f}".format}, na_rep="-"))
    kinds = table["planted"].gt(0).sum()
    print(f"\n{kinds} kinds planted {table['planted'].sum():.0f} times in {options.folders} folders of 300 images")
    print(f"the lowest precision is {table['precision'].min():.3f}, the lowest recall {table['recall'].min():.3f}")
    print(f"findings in the same folders without defects: {sum(clean)}")


if __name__ == "__main__":
    main()
