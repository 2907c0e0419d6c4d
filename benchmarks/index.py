"""How long reading headers takes, per file, against what people use today.

Files are made from pydicom's CT_small (258 elements, 39 kB), MR_small (73 elements, 10 kB) and an MR with 27 more
elements, each with its own SOP Instance UID, in a temporary folder. Warm cache, one core, median of several runs that
take turns; the slow ways read a part of the files. gdcm and fastdicom take part where they are installed.
"""

import argparse
import os
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import pydicom
from pydicom.data import get_testdata_file

from eda_utils import index_folder
from eda_utils.files import find_paths
from eda_utils.header_scan import HeaderScanner
from eda_utils.index import INDEX_TAGS

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


def contestants(paths, folder):
    """Name, function and number of files of every way that is installed."""
    scanner = HeaderScanner(INDEX_TAGS)
    ways = {
        "open and read 8 kB": (lambda: open_and_read(paths), len(paths)),
        "index_folder, the table included": (lambda: index_folder(folder, progress=False), len(paths)),
        "  of it: the scanner": (lambda: [scanner.read(path) for path in paths], len(paths)),
        "  of it: finding the files": (lambda: list(find_paths(folder)), len(paths)),
        "pydicom dcmread + get": (lambda: with_pydicom(paths[:PART]), PART),
    }
    for name, module, way in (
        ("gdcm.Scanner", "gdcm", with_gdcm),
        ("fastdicom + get", "fastdicom", with_fastdicom),
    ):
        try:
            __import__(module)
        except ImportError:
            continue
        ways[name] = (lambda way=way: way(paths[:PART]), PART)
    return ways


def main():
    """Print one table; ratios are to index_folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        make_files(Path(folder), options.files)
        paths = list(find_paths(folder))
        ways = contestants(paths, folder)
        times = {name: [] for name in ways}
        for run in range(options.runs + 1):
            for name, (way, count) in ways.items():
                start = time.perf_counter()
                way()
                if run:  # the first one warms the cache and compiles
                    times[name].append((time.perf_counter() - start) / count * 1e6)
    medians = {name: statistics.median(values) for name, values in times.items()}
    ours = medians["index_folder, the table included"]
    print(f"{options.files:,} files, {len(INDEX_TAGS)} tags, median of {options.runs}")
    print(f"{'way':36} {'us a file':>10} {'files/s':>10} {'ratio':>7}")
    for name, median in medians.items():
        print(f"{name:36} {median:10.1f} {1e6 / median:10,.0f} {median / ours:7.2f}")


if __name__ == "__main__":
    main()
