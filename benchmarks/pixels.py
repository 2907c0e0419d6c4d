"""How long measuring pixels takes against a loop over `pixel_array`, against decoding alone, and how much memory.

The files are made in a temporary folder: 2048 x 2048 pixels, 12 bit in 16, a smooth scene with noise, each with its own
noise; as they are and in four compressions, all lossless. The ways take turns, and a ratio is the median of the ratios
within a turn, as machines are noisy: once of the time that passes and once, where only one process works, of processor
time, which other work on the machine disturbs less. The 5,000 small images are hard links to 50. Warm cache; starting
processes and compiling happen before the clock runs.
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

import imagecodecs
import numpy as np
import pydicom
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from eda_utils import index_folder
from eda_utils.core import sandbox
from eda_utils.dicom.dataset import read_dataset
from eda_utils.image.frames import read_frame
from eda_utils.quality.measure import measure_images

SIDE = 2048
PERCENTILES = (1, 25, 50, 75, 99)


def scene(random, side=SIDE):
    """A smooth scene with noise of a standard deviation of 8, 12 bit."""
    rows, columns = np.indices((side, side)) / side
    smooth = 2000 + 900 * np.sin(7 * rows) * np.cos(5 * columns)
    return (smooth + random.normal(0, 8, (side, side))).clip(0, 4095).astype(np.uint16)


def make_file(path, pixels):
    """Write pixels as they are."""
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
    del dataset.PixelPaddingValue
    dataset.PixelData = pixels.tobytes()
    dataset.save_as(path)


ENCODERS = {
    "JPEG 2000": (JPEG2000Lossless, lambda pixels: imagecodecs.jpeg2k_encode(pixels, codecformat="j2k", level=0)),
    "JPEG-LS": (JPEGLSLossless, imagecodecs.jpegls_encode),
    "RLE": (RLELossless, None),
    "JPEG lossless": (
        JPEGLosslessSV1,
        lambda pixels: imagecodecs.jpeg_encode(pixels, lossless=True, bitspersample=16, predictor=1),
    ),
}


def make_files(root, count):
    """Fill one folder for each compression, and one without."""
    random = np.random.default_rng(0)
    folders = {name: root / name for name in ("none", *ENCODERS)}
    for folder in folders.values():
        folder.mkdir()
    for number in range(count):
        original = folders["none"] / f"{number}.dcm"
        make_file(original, scene(random))
        for name, (syntax, encode) in ENCODERS.items():
            dataset = pydicom.dcmread(original)
            if encode is None:
                dataset.compress(syntax)
            else:
                dataset.PixelData = encapsulate([encode(dataset.pixel_array)])
                dataset.file_meta.TransferSyntaxUID = syntax
            dataset.save_as(folders[name] / original.name)
    return {name: index_folder(folder, progress=False) for name, folder in folders.items()}


def loop(index):
    """What a notebook does."""
    for path in index["path"]:
        pixels = pydicom.dcmread(path).pixel_array
        pixels.mean(), pixels.std(), np.percentile(pixels, PERCENTILES), np.histogram(pixels, 256)


def decode(index):
    """Read and decode with the decoders that measure_images uses, and nothing else."""
    for path in index["path"]:
        read_frame(read_dataset(path, pixels=True), "file", 0)


def measure(index, **how):
    """What is measured here; every file must be."""
    assert measure_images(index, progress=False, **how)["problem"].isna().all()


def processor_seconds():
    """Of this process and of the one beside it (Linux)."""
    seconds = time.process_time()
    for process in sandbox._idle:
        with open(f"/proc/{process.pid}/schedstat") as file:
            seconds += int(file.read().split()[0]) / 1e9
    return seconds


def compare(ways, count, runs):
    """Milliseconds an image of two ways, and the ratios of the first to the second in time and in processor time."""
    turns = []
    for run in range(runs + 1):
        turn = []
        for way in ways:
            start = time.perf_counter(), processor_seconds()
            way()
            turn += [time.perf_counter() - start[0], processor_seconds() - start[1]]
        turns += [turn] if run else []  # the first turn starts processes and compiles
    times = [statistics.median(turn[way] for turn in turns) / count * 1e3 for way in (0, 2)]
    return *times, *(statistics.median(turn[clock] / turn[clock + 2] for turn in turns) for clock in (0, 1))


def print_native(indexes, runs):
    """A loop over pixel_array against measure_images."""
    index = indexes["none"]
    slow, fast, ratio, work = compare([lambda: loop(index), lambda: measure(index)], len(index), runs)
    print(f"\nuncompressed, {SIDE} x {SIDE}, 12 bit in 16: ms an image")
    print(f"  pixel_array + mean, std, percentile, histogram {slow:8.1f}")
    print(f"  measure_images {fast:40.1f}   {ratio:.2f} times as fast, {work:.2f} in processor time (wanted: 4)")


def print_compressed(indexes, runs):
    """Decoding alone against measure_images."""
    print(f"\n{'compressed: ms an image':26} {'decoding':>9} {'measuring':>10} {'ratio':>6} {'processor':>10}")
    for name in ENCODERS:
        index = indexes[name]
        ways = [partial(measure, index), partial(decode, index)]
        full, alone, ratio, work = compare(ways, len(index), runs)
        print(f"  {name:24} {alone:9.1f} {full:10.1f} {ratio:6.2f} {work:10.2f}")
    print("  wanted: at most 1.3")


def print_workers(indexes, runs):
    """One process against two, for images enough to keep both busy."""
    print(f"\n{'processes: ms an image':26} {'one':>9} {'two':>10} {'ratio':>6}")
    for name in ("none", "JPEG-LS", "JPEG lossless"):
        index = indexes[name].loc[np.tile(indexes[name].index, 4)]
        ways = [partial(measure, index, workers=workers) for workers in (1, 2)]
        one, two, ratio, _ = compare(ways, len(index), runs)
        print(f"  {name:24} {one:9.1f} {two:10.1f} {ratio:6.2f}")
    print("  wanted: at least 1.7")


ALONE = """
import resource, sys, time
from eda_utils import index_folder
from eda_utils.core import sandbox
from eda_utils.quality.measure import measure_images
index = index_folder(sys.argv[1], progress=False)
start = time.perf_counter()
table = measure_images(index, progress=False)
seconds = time.perf_counter() - start
assert table["problem"].isna().all()
from eda_utils.core.sandbox import _end_all
_end_all()
peaks = [resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(len(table), seconds, *peaks)
"""


def print_memory(root, runs):
    """Peak memory in a process of its own, for 50 small images and for 5,000 hard links to them."""
    random = np.random.default_rng(1)
    few, many = root / "few", root / "many"
    few.mkdir()
    many.mkdir()
    for number in range(50):
        make_file(few / f"{number:02}.dcm", scene(random, 64))
        if number % 2:  # every second one compressed: measured in the process beside
            dataset = pydicom.dcmread(few / f"{number:02}.dcm")
            dataset.compress(RLELossless)
            dataset.save_as(few / f"{number:02}.dcm")
    for number in range(5000):
        os.link(few / f"{number % 50:02}.dcm", many / f"{number:04}.dcm")
    print(f"\n{'small images, half of them RLE':32} {'ms each':>8} {'peak MB here':>13} {'beside':>7}")
    peaks = []
    for folder in (few, many):
        answers = []
        for _ in range(runs):
            command = [sys.executable, "-c", ALONE, str(folder)]
            answer = subprocess.run(command, check=True, capture_output=True, text=True)
            answers.append([float(number) for number in answer.stdout.split()])
        count, seconds, here, beside = (statistics.median(column) for column in zip(*answers, strict=True))
        peaks.append((here, beside))
        print(f"  {count:<30,.0f} {seconds / count * 1e3:8.1f} {here / 1e6:13.0f} {beside / 1e6:7.0f}")
    ratios = [many / few for few, many in zip(*peaks, strict=True)]
    print(f"  peak of 5,000 against 50: {ratios[0]:.2f} times here, {ratios[1]:.2f} times beside (wanted: at most 1.2)")


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=6)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        indexes = make_files(Path(root), options.files)
        load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors at the start"
        print(f"{options.files} files of each kind, medians of {options.runs} turns; {load}")
        print_native(indexes, options.runs)
        print_compressed(indexes, options.runs)
        print_workers(indexes, options.runs)
        print_memory(Path(root), 3)


if __name__ == "__main__":
    main()
