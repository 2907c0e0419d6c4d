"""How long reading headers takes, per file, against what people use today.

Files are made from pydicom's CT_small (258 elements, 39 kB), MR_small (73 elements, 10 kB) and an MR with 27 more
elements, each with its own SOP Instance UID, in a temporary folder; larger folders are hard links to 20,000 of them.
Warm cache, one core unless said, median of several runs that take turns; the slow ways read a part of the files. gdcm,
fastdicom and dicom-csv take part where they are installed. Compiling happens before the clock runs, and so does the
start of two processes, which are kept for the next folder. `--largest 1000000` takes some minutes.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

import pydicom
from pydicom.data import get_testdata_file

from eda_utils import index_folder
from eda_utils.core.files import find_paths
from eda_utils.core.parallel import mapper
from eda_utils.index.folder import BATCH, INDEX_TAGS
from eda_utils.index.scanner import HeaderScanner

PART = 1000


def make_files(folder, count):
    """Write `count` files whose UIDs differ, by replacing as many bytes of one file as it has."""
    originals = [Path(get_testdata_file(name)).read_bytes() for name in ("CT_small.dcm", "MR_small.dcm")]
    uids = [pydicom.dcmread(get_testdata_file(f"{name}_small.dcm")).SOPInstanceUID.encode() for name in ("CT", "MR")]
    originals.append(with_more_elements("MR_small.dcm", folder / "more"))
    uids.append(uids[1])
    for number in range(count):
        kind = number % 3
        uid = uids[kind][:-7] + b"%07d" % number
        (folder / f"IM{number:07}").write_bytes(originals[kind].replace(uids[kind], uid))


def with_more_elements(name, scratch):
    """Return a file with 27 more elements, about as many as a CR has."""
    dataset = pydicom.dcmread(get_testdata_file(name))
    for number in range(27):
        dataset.add_new(0x00091010 + number, "LO", f"private {number}")
    dataset.add_new(0x00090010, "LO", "BENCHMARK")
    dataset.save_as(scratch)
    content = scratch.read_bytes()
    scratch.unlink()
    return content


def open_and_read(paths):
    """The limit: open, read 8 kB, close."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.read(descriptor, 8192)
        os.close(descriptor)


def with_pydicom(paths):
    """What a notebook does: read without pixels, get the same tags."""
    for path in paths:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        for keyword in INDEX_TAGS:
            dataset.get(keyword)


def with_gdcm(paths):
    """GDCM's scanner, the tags and no table."""
    import gdcm
    from pydicom.datadict import tag_for_keyword

    scanner = gdcm.Scanner()
    for keyword in INDEX_TAGS:
        tag = tag_for_keyword(keyword)
        scanner.AddTag(gdcm.Tag(tag >> 16, tag & 0xFFFF))
    scanner.Scan(list(paths))


def with_fastdicom(paths):
    """The Rust reader, then the same tags."""
    import fastdicom

    for path in paths:
        dataset = fastdicom.dcmread(path)
        for keyword in INDEX_TAGS:
            dataset.get(keyword)


def with_dicom_csv(paths):
    """A table of a folder, whole files in memory."""
    import dicom_csv

    dicom_csv.join_tree(Path(paths[0]).parent, relative=False, verbose=0)


def with_our_scanner(paths):
    """The scanner alone, batch by batch."""
    scanner = HeaderScanner(INDEX_TAGS)
    for start in range(0, len(paths), BATCH):
        scanner.read(paths[start : start + BATCH])


def contestants(paths, folder, part):
    """Name, function and number of files of every way that is installed."""
    some = sorted(part.iterdir())
    ways = {
        "open and read 8 kB": (lambda: open_and_read(paths), len(paths)),
        OURS: (lambda: index_folder(folder, progress=False), len(paths)),
        "  of it: the scanner": (lambda: with_our_scanner(paths), len(paths)),
        "  of it: finding the files": (lambda: list(find_paths(folder)), len(paths)),
        "pydicom dcmread + get": (lambda: with_pydicom(some), len(some)),
    }
    for name, module, way in (
        ("gdcm.Scanner", "gdcm", with_gdcm),
        ("fastdicom + get", "fastdicom", with_fastdicom),
        ("dicom-csv", "dicom_csv", with_dicom_csv),
    ):
        try:
            __import__(module)
        except ImportError:
            continue
        ways[name] = (lambda way=way: way([str(path) for path in some]), len(some))
    return ways


def median_times(ways, runs):
    """Microseconds a file, the ways taking turns."""
    times = {name: [] for name in ways}
    for run in range(runs + 1):
        for name, (way, count) in ways.items():
            start = time.perf_counter()
            way()
            if run:  # the first one warms the cache and compiles
                times[name].append((time.perf_counter() - start) / count * 1e6)
    return {name: statistics.median(values) for name, values in times.items()}


def links(originals, folder, count):
    """Fill a folder with hard links, a thousand a sub-folder, and return it."""
    for number in range(count):
        place = folder / f"{number // 1000:04}"
        if number % 1000 == 0:
            place.mkdir(parents=True)
        os.link(originals[number % len(originals)], place / f"{number % 1000:03}")
    return folder


def walk_and_stat(folder):
    """What no cache can save."""
    for path in find_paths(folder):
        os.stat(path)


ALONE = """
import resource, sys, time
from eda_utils import index_folder
if __name__ == "__main__":
    index_folder(sys.argv[2], progress=False)
    start = time.perf_counter()
    table = index_folder(sys.argv[1], progress=False)
    seconds = time.perf_counter() - start
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, len(table))
"""


def alone(folder, small):
    """Seconds and peak bytes of an index in a process of its own, which has read `small` before."""
    script = small.with_name("alone.py")
    script.write_text(ALONE)
    command = [sys.executable, str(script), str(folder), str(small)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, peak, _ = map(float, answer.stdout.split())
    return seconds, peak


def print_scale(originals, root, largest, runs):
    """Time a file and peak memory by the number of files; return the largest folder."""
    print(f"\n{'files':>10} {'us a file':>10} {'peak MB':>8}")
    small = root / "first"
    links(originals, small, 3 * BATCH)
    counts = [count for count in (1000, 10_000, 100_000, 1_000_000) if count <= largest]
    for count in counts:
        folder = links(originals, root / f"of{count}", count)
        several = [alone(folder, small) for _ in range(runs if count < 1_000_000 else 3)]
        seconds, peak = statistics.median(item[0] for item in several), max(item[1] for item in several)
        print(f"{count:10,} {seconds / count * 1e6:10.1f} {peak / 1e6:8,.0f}")
    return folder


def count_up(_):
    """Work that shares nothing, not even memory."""
    return sum(range(2_000_000))


def print_workers(folders, runs):
    """Two processes, started before, against one; and how much faster two only count than one, in the same run."""
    for folder in folders:
        with mapper(2) as each:
            ways = {
                "one": partial(index_folder, folder, progress=False),
                "two": partial(index_folder, folder, workers=2, progress=False),
                "one counts": lambda: list(map(count_up, range(8))),
                "two count": lambda each=each: list(each(count_up, range(8))),
            }
            one, two, counts, count = median_times({name: (way, 1) for name, way in ways.items()}, runs).values()
        files = f"{sum(1 for _ in find_paths(folder)):,} files"
        print(f"two workers, {files}: {one / two:.2f} times as fast as one; where they only count {counts / count:.2f}")


def print_cache(originals, root, runs):
    """The second run with a cache against walking and stat-ing, on 100,000 files."""
    folder, cache = links(originals, root / "cached", 100_000), root / "cache.parquet"
    index_folder(folder, cache=cache, progress=False)
    ways = {
        "walk and stat": (lambda: walk_and_stat(folder), 100_000),
        "index_folder, all files unchanged": (lambda: index_folder(folder, cache=cache, progress=False), 100_000),
    }
    plain, again = median_times(ways, runs).values()
    times = f"walk and stat {plain:.2f} us a file, with a cache {again:.2f}: {again / plain:.2f} times"
    print(f"\n100,000 unchanged files: {times}")


OURS = "index_folder, the table included"


def main():
    """Print the tables; ratios are to index_folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--largest", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder, part = Path(root) / "files", Path(root) / "part"
        for place, count in ((folder, options.files), (part, PART)):
            place.mkdir()
            make_files(place, count)
        paths = list(find_paths(folder))
        medians = median_times(contestants(paths, folder, part), options.runs)
        print(f"{options.files:,} files, {len(INDEX_TAGS)} tags, median of {options.runs}")
        print(f"{'way':36} {'us a file':>10} {'files/s':>10} {'ratio':>7}")
        for name, median in medians.items():
            print(f"{name:36} {median:10.1f} {1e6 / median:10,.0f} {median / medians[OURS]:7.2f}")
        print_cache(paths, Path(root), options.runs)
        largest = print_scale(paths, Path(root), options.largest, options.runs)
        print()
        print_workers([folder, largest], options.runs)


if __name__ == "__main__":
    main()
