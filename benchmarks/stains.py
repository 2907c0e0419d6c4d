"""Separation, estimation and normalisation of stains, against scikit-image and torchstain in the same run.

Times are CPU milliseconds, the best of several, of a drawn tile of 512 x 512; a ratio above 1 says how many times
longer the other one takes. scikit-image's rgb2hed divides by 6, clips, and always has three stains. torchstain (numpy
backend) is shown where it is installed. Errors are degrees between the vectors found and those that the tile was drawn
with.
"""

import argparse
import importlib
import time

import numpy as np
import pandas as pd
from skimage.color import rgb2hed

import eda_utils as eda


def cpu_ms(call, repeats):
    """Least CPU time of a call."""
    call()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def torchstain():
    """The class of torchstain's numpy backend, or None."""
    try:
        return importlib.import_module("torchstain.numpy.normalizers.macenko").NumpyMacenkoNormalizer
    except ImportError:
        return None


def degrees(found, truth):
    """The larger angle between two pairs of unit vectors."""
    return np.rad2deg(np.arccos(np.clip((np.asarray(found) * truth).sum(axis=1), -1, 1))).max()


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15, help="default: 15")
    repeats = parser.parse_args().repeats
    tile, other, theirs = eda.samples.make_phantom_tile(), eda.samples.make_phantom_tile(seed=1), torchstain()
    rgb, rows = tile.rgb, []
    ours = cpu_ms(lambda: eda.slides.separate_stains(rgb), repeats)
    rows.append(("separate_stains", ours, "skimage rgb2hed", cpu_ms(lambda: rgb2hed(rgb), repeats)))
    for method in ("macenko", "vahadane"):
        ours = cpu_ms(lambda method=method: eda.slides.estimate_stains(rgb, method=method), repeats)
        fit = cpu_ms(lambda: theirs().fit(rgb), repeats) if theirs else np.nan
        rows.append((f"estimate_stains, {method}", ours, "torchstain fit (Macenko)", fit))
    ours = cpu_ms(lambda: eda.slides.estimate_stains(rgb[::4, ::4]), repeats)
    rows.append(("estimate_stains, every 4th pixel", ours, "torchstain fit (Macenko)", rows[1][3]))
    ours = cpu_ms(lambda: eda.slides.normalize_stains(rgb), repeats)
    normalize = cpu_ms(lambda: theirs().normalize(rgb, stains=False), repeats) if theirs else np.nan
    rows.append(("normalize_stains, macenko", ours, "torchstain normalize", normalize))
    ours = cpu_ms(lambda: eda.slides.normalize_stains(rgb, method="reinhard", target=other.rgb), repeats)
    rows.append(("normalize_stains, reinhard", ours, "", np.nan))
    rows.append(("count_nuclei", cpu_ms(lambda: eda.slides.count_nuclei(rgb, mpp=0.5), 3), "", np.nan))
    table = pd.DataFrame(rows, columns=["function", "ms", "against", "their ms"])
    table["ratio"] = table["their ms"] / table["ms"]
    print(table.to_string(index=False, float_format="{:.1f}".format, na_rep="-"))
    print("\nlargest error of 10 drawn tiles, in degrees")
    for stains in ("H&E", "H&E QuPath"):
        tiles = [eda.samples.make_phantom_tile(seed=seed, stains=stains) for seed in range(10)]
        told = [f"{m} {max(degrees(found(t, m), t.stains) for t in tiles):.1f}" for m in ("macenko", "vahadane")]
        if theirs:
            told.append(f"torchstain {max(degrees(fitted(theirs, t), t.stains) for t in tiles):.1f}")
        print(f"{stains}: {', '.join(told)}")


def found(tile, method):
    """Our vectors."""
    return eda.slides.estimate_stains(tile.rgb, method=method, background=tile.light)


def fitted(normalizer, tile):
    """Theirs: it knows one level of white for all channels."""
    normalizer = normalizer()
    normalizer.fit(tile.rgb, Io=245)
    return normalizer.HERef.T


if __name__ == "__main__":
    main()
