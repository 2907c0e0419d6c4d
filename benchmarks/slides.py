"""How quickly a slide is read, against OpenSlide, tiffslide, wsidicom and the JPEG decoder alone.

The slide is made on the spot: a phantom, a tiled JPEG pyramid of 40,000 x 30,000 pixels (quality 80, 4:2:0, tiles of
256, levels of 4 times), written block by block. It stays in the folder of `--keep`: a second run begins at once.
Each way reads the same places; they take turns, and a ratio is the median of the ratios within a turn: of processor
time first, which other work on the machine disturbs less, and of the time that passes. tiffslide, wsidicom and
simplejpeg are measured where they are installed (PYTHONPATH may lead to them); wsidicom reads the same slide from the
folder of `--dicom`, which `wsidicomizer -i slide.tif -o folder` makes. Warm cache; opening happens before the clock
runs.
"""

import argparse
import os
import statistics
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import tifffile

import eda_utils as eda
from eda_utils import open_slide
from eda_utils.quality.slides import describe_slide

TILE = 256


def places(shape, count, step, seed=0):
    """Rows and columns inside of the tissue."""
    random = np.random.default_rng(seed)
    found = []
    while len(found) < count:
        row, col = (int(random.integers(side // 4, 3 * side // 4)) // step * step for side in shape)
        found.append((row, col))
    return found


def raw_tiles(path, where):
    """The encoded tiles of places, complete with their tables."""
    with tifffile.TiffFile(path) as tiff, open(path, "rb") as file:
        page = tiff.pages[0]
        across = -(-page.imagewidth // TILE)
        found = []
        for row, col in where:
            index = row // TILE * across + col // TILE
            file.seek(page.dataoffsets[index])
            tile, tables = file.read(page.databytecounts[index]), page.jpegtables or b""
            found.append(tile[:2] + tables[2:-2] + tile[2:])
    return found


def openers(path, dicom):
    """Each way as a function of row, column, height and width; those not installed are left out."""
    handle, slide = openslide.OpenSlide(path), open_slide(path)
    ways = {
        "eda_utils": slide.read_region,
        "OpenSlide": lambda row, col, h, w: np.asarray(handle.read_region((col, row), 0, (w, h)).convert("RGB")),
    }
    with suppress(ImportError):
        import tiffslide

        other = tiffslide.TiffSlide(path)
        ways["tiffslide"] = lambda row, col, h, w: other.read_region((col, row), 0, (w, h), as_array=True)
    if dicom:
        import wsidicom

        series = wsidicom.WsiDicom.open(dicom)
        ways["wsidicom, of the same as DICOM"] = lambda row, col, h, w: np.asarray(
            series.read_region((col, row), 0, (w, h))
        )
    return ways


def decoders():
    """JPEG decoders alone."""
    found = {"imagecodecs": imagecodecs.jpeg8_decode}
    with suppress(ImportError):
        import simplejpeg

        found["simplejpeg"] = simplejpeg.decode_jpeg
    return found


def clocks(way, items, threads):
    """Processor and wall seconds of one way over all items.

    Where malloc puts the decoder's buffers makes a fifth of its speed, by chance: blocks of random sizes before each
    turn give every way its share of good and bad luck.
    """
    luck = [np.empty(size, np.uint8) for size in np.random.default_rng().integers(500, 150_000, 40)]
    del luck[::2]
    start = time.process_time(), time.perf_counter()
    if threads == 1:
        for item in items:
            way(item)
    else:
        with ThreadPoolExecutor(threads) as pool:  # one share each, and no result is kept: memory is not measured
            shares = [items[number::threads] for number in range(threads)]
            list(pool.map(lambda share: [way(item) is None for item in share], shares))
    return time.process_time() - start[0], time.perf_counter() - start[1]


def compare(title, ways, runs, threads=1):
    """Print how many a second each way does, and how often as quick as the first it is.

    `ways` is name to (way, items of turn 0, 1 ...): no turn finds in a cache what another has read.
    """
    turns = [
        {name: clocks(way, items[turn], threads) for name, (way, items) in ways.items()} for turn in range(runs + 1)
    ][1:]
    count = {name: len(items[0]) for name, (_, items) in ways.items()}
    print(f"\n{title:44} {'per CPU s':>10} {'per s':>9} {'ours, CPU':>10} {'ours, wall':>11}")
    first = next(iter(ways))
    for name in ways:
        rates = [count[name] / statistics.median(turn[name][clock] for turn in turns) for clock in (0, 1)]
        ratios = [
            statistics.median(turn[name][clock] / turn[first][clock] for turn in turns) * (count[first] / count[name])
            for clock in (0, 1)
        ]
        said = "" if name == first else f"{ratios[0]:9.2f}x {ratios[1]:10.2f}x"
        print(f"  {name:42} {rates[0]:10,.1f} {rates[1]:9,.1f} {said}")


def measure(path, dicom, options):
    """Print the tables."""
    with open_slide(path) as slide:
        shape = slide.shape
        print(slide)
    turns, ways = range(options.runs + 1), openers(path, dicom)

    def read(items):
        return {name: (lambda place, way=way: way(*place, TILE, TILE), items) for name, way in ways.items()}

    for threads in (1, 2):
        aligned = [places(shape, options.tiles, TILE, 10 * turn + threads) for turn in turns]
        raw = [raw_tiles(path, where) for where in aligned]
        alone = {f"{name}: decoding alone": (decode, raw) for name, decode in decoders().items()}
        compare(f"tiles of 256, aligned, {threads} thread(s)", read(aligned) | alone, options.runs, threads)
    scattered = [places(shape, options.tiles // 2, 1, turn + 5) for turn in turns]
    compare("regions of 256, unaligned, scattered", read(scattered), options.runs)
    side = int(options.tiles**0.5)
    grids = [
        [(top + y * TILE, left + x * TILE) for y in range(side) for x in range(side)]
        for top, left in places(shape, len(turns), 1, 99)
    ]
    compare("regions of 256, unaligned, side by side", read(grids), options.runs)
    slide, handle = open_slide(path), openslide.OpenSlide(path)
    small = {
        "eda_utils": (lambda _: slide.thumbnail(1024), [range(3)] * len(turns)),
        "OpenSlide get_thumbnail": (lambda _: handle.get_thumbnail((1024, 1024)), [range(3)] * len(turns)),
    }
    compare("thumbnail of 1024", small, options.runs)
    times = {
        "open_slide": (lambda _: open_slide(path).close(), [range(5)] * len(turns)),
        "OpenSlide": (lambda _: openslide.OpenSlide(path).close(), [range(5)] * len(turns)),
    }
    compare("opening", times, options.runs)
    look(path, slide, turns, options.runs)


def look(path, slide, turns, runs):
    """Print what it takes to look at a slide as a whole, and to separate stains."""
    from skimage.color import rgb2hed

    once = [range(2)] * len(turns)
    whole = {
        "quality.measure_slides row, all measurements": (lambda _: describe_slide(path, measure=True), once),
        "tissue_mask, 8 µm per pixel": (lambda _: eda.slides.tissue_mask(slide, um_per_px=8), once),
        "byte_map": (lambda _: eda.slides.byte_map(slide), once),
    }
    compare("a slide as a whole", whole, runs)
    tile = slide.read_region(*places(slide.shape, 1, 1)[0], 512, 512)
    stains = {
        "separate_stains": (lambda _: eda.slides.separate_stains(tile), [range(20)] * len(turns)),
        "scikit-image rgb2hed": (lambda _: rgb2hed(tile), [range(20)] * len(turns)),
    }
    compare("stains of 512 x 512", stains, runs)


def main():
    """Make the slide if need be, then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--columns", type=int, default=30_000)
    parser.add_argument("--tiles", type=int, default=600)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="folder in which the slide stays")
    parser.add_argument("--dicom", type=Path, help="folder of the same slide as DICOM")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = (options.keep or Path(scratch)) / f"slide_{options.rows}_{options.columns}.tif"
        if not path.exists():
            start = time.perf_counter()
            eda.samples.write_phantom_slide(path, shape=(options.rows, options.columns), subsampling=(2, 2))
            print(f"written in {time.perf_counter() - start:.0f} s, {path.stat().st_size / 1e6:,.0f} MB")
        load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors at the start"
        print(f"{options.tiles} places, medians of {options.runs} turns; {load}")
        measure(path, options.dicom, options)


if __name__ == "__main__":
    main()
