"""What several tests need: the samples, the corpus, real programs, and a matplotlib without a screen."""

import os
import warnings

import matplotlib
import pytest
from hypothesis import settings
from parts import CORPUS, ROOT, SAMPLES, examples, identifiers, missing
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

matplotlib.use("agg")
# a test is no clock: other work may run beside it
settings.register_profile("patient", deadline=None, max_examples=examples(100))
settings.load_profile("patient")
SLOW_FOLDERS = {"browser", "services", "notebooks", "hostile"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """A folder of slow tests is a mark too; a slow file elsewhere bears its mark itself."""
    for item in items:
        if item.path.is_relative_to(ROOT / "tests"):
            for name in SLOW_FOLDERS.intersection(item.path.relative_to(ROOT / "tests").parts):
                item.add_marker(name)


@pytest.fixture(scope="session")
def samples():
    """The folder of sample images, made if it is not there."""
    from eda_utils import make_samples

    return make_samples(SAMPLES, progress=False)


@pytest.fixture(scope="session")
def index(samples):
    """The index of the samples."""
    from eda_utils import index_folder

    return index_folder(samples)


@pytest.fixture(scope="session")
def secrets(index):
    """What tells who the patients of the samples are."""
    return identifiers(index.loc[index["kind"] == "dicom", "path"])


@pytest.fixture(scope="session")
def samples_report(samples, tmp_path_factory):
    """The page about the samples, with the folder `tables` beside it: one for all workers, of whom one renders it."""
    import fcntl  # Windows has none, and runs the other tests

    from eda_utils import render_report

    own = tmp_path_factory.getbasetemp()
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    page = folder / "samples.html"
    with open(folder / "samples.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return page if page.exists() else render_report(samples, page, tables=folder / "tables", progress=False)


@pytest.fixture(scope="session")
def corpus():
    """The folder of foreign files, where it lies beside the project."""
    return CORPUS if CORPUS.is_dir() else missing("the corpus")


@pytest.fixture(autouse=True)
def _no_open_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture
def make_dicom(tmp_path):
    """Write a small image with chosen attributes and return its path."""

    def make(pixels, name="image.dcm", **attributes):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = SecondaryCaptureImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
        dataset.Rows, dataset.Columns = pixels.shape[-2:] if pixels.shape[-1] != 3 else pixels.shape[-3:-1]
        dataset.SamplesPerPixel = 3 if pixels.shape[-1] == 3 else 1
        dataset.PhotometricInterpretation = "RGB" if pixels.shape[-1] == 3 else "MONOCHROME2"
        if pixels.shape[-1] == 3:
            dataset.PlanarConfiguration = 0
        bits = pixels.dtype.itemsize * 8
        dataset.BitsAllocated = dataset.BitsStored = bits
        dataset.HighBit, dataset.PixelRepresentation = bits - 1, int(pixels.dtype.kind == "i")
        dataset.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
        dataset["PixelData"].VR = "OB" if bits == 8 else "OW"
        with warnings.catch_warnings():  # a test may want a value that the standard forbids
            warnings.simplefilter("ignore")
            dataset.Modality = "OT"
            for keyword, value in attributes.items():
                setattr(dataset, keyword, value)
            dataset.save_as(tmp_path / name, enforce_file_format=True)
        return tmp_path / name

    return make
