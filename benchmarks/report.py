"""How long a page about 1,000 images takes, how large it is, and how soon a browser shows it.

The samples are multiplied, each copy with its own instance, series, study and patient. `report` runs in a process of
its own, first cold, then with the index and the statistics of the first run. First paint is Chromium's, from disk.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import generate_uid

from eda_utils import make_samples

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
UIDS = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")


def multiply(samples, folder, images):
    """Write copies of the samples until there are so many files."""
    files = [path for path in sorted(samples.rglob("*")) if path.is_file() and path.suffix != ".svs"]
    for number in range(images):
        path = files[number % len(files)]
        target = folder / f"{number // 100:03}" / f"{number:05}{path.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            dataset = dcmread(path)
            for keyword in UIDS:
                setattr(dataset, keyword, generate_uid(entropy_srcs=[str(number), keyword]))
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.PatientID = f"{number:05}"
            dataset.save_as(target)
        except (InvalidDicomError, AttributeError, ValueError, KeyError):
            target.write_bytes(path.read_bytes())


def run_report(folder, page, cache):
    """Return seconds, peak memory in bytes of all processes together, and what was said."""
    command = [sys.executable, "-m", "eda_utils", "report", str(folder), "-o", str(page), "--cache", str(cache)]
    start, peak = time.perf_counter(), [0]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        watcher = threading.Thread(target=watch, args=(process.pid, peak))
        watcher.start()
        said = process.stderr.read()
        process.wait()
        watcher.join()
    return time.perf_counter() - start, peak[0], said


def watch(root, peak):
    """Note the largest sum of the resident memory of a process and its descendants."""
    while Path(f"/proc/{root}").exists() and "Z" not in state(root):
        peak[0] = max(peak[0], sum(resident(pid) for pid in family(root)))
        time.sleep(0.2)


def state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def family(root):
    """The process and everything that it started."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = {root}
    while new := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= new
    return found


def resident(pid):
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def first_paint(page):
    """Milliseconds until Chromium shows something of a page from disk."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        opened = browser.new_page()
        opened.goto(page.as_uri())
        opened.wait_for_timeout(500)
        paint = opened.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
        browser.close()
    return paint


def main():
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        folder, page, cache = Path(root) / "files", Path(root) / "report.html", Path(root) / "cache"
        with warnings.catch_warnings():  # samples with invalid values are copied as they are
            warnings.simplefilter("ignore")
            multiply(make_samples(progress=False), folder, options.images)
        print(f"{'run':24} {'seconds':>8} {'peak MB':>8} {'page MB':>8} {'first paint ms':>15}")
        for name in ("cold", "warm index and statistics"):
            seconds, peak, said = run_report(folder, page, cache)
            size, paint = page.stat().st_size / 1e6, first_paint(page)
            print(f"{name:24} {seconds:8.1f} {peak / 1e6:8,.0f} {size:8.1f} {paint:15,.0f}")
            print(f"  {re.findall(r'ran for .*', said)[-1]}")


if __name__ == "__main__":
    main()
