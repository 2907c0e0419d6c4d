"""An S3 server on this machine: the same table as from the disk, for a few kilobytes of each file."""

import io
import logging
import zipfile
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pydicom
import pytest
from parts import by_name, mixed_folder, package

from eda_utils import index_folder, load_image
from eda_utils.core.errors import AccessError, EDAError, MissingError

KEY, SECRET = "AKIA0LEAKED", "s3cr3t/leaked"
BUCKET = "bucket-of-the-hospital"
MOST_BYTES = 96_000  # for each file, on average


class Store:
    """Moto's server, a client to fill it, and what it was asked and has sent."""

    def __init__(self, address, requests, client):
        self.address, self.requests, self.client = address, requests, client

    def put(self, key, content):
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content)

    def fill(self, folder, prefix):
        for path in filter(lambda path: path.is_file(), folder.rglob("*")):
            self.put(f"{prefix}/{path.relative_to(folder)}", path.read_bytes())

    @contextmanager
    def watched(self):
        """Give a list of what is asked meanwhile: method, path, query, how many bytes were sent."""
        self.requests.clear()
        asked = []
        yield asked
        asked += self.requests


@pytest.fixture(scope="module")
def store():
    """One server for all tests, as fsspec keeps its connections; nothing but loopback is talked to."""
    boto3, package_s3fs = package("boto3"), package("s3fs")
    server_module = package("moto.moto_server.threaded_moto_server")
    requests = []

    class Counting(server_module.DomainDispatcherApplication):
        def __call__(self, environ, start_response):
            asked = [environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], 0]
            requests.append(asked)

            def start(status, headers, *rest):
                asked[3] += len(status) + sum(len(name) + len(value) + 4 for name, value in headers) + 20
                return start_response(status, headers, *rest)

            for block in super().__call__(environ, start):
                asked[3] += len(block)
                yield block

    settings = {
        **{"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1"},
        **{"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"},
        **{"AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1", "AWS_MAX_ATTEMPTS": "1"},
    }
    logger = logging.getLogger("werkzeug")
    level = logger.level
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_module, "DomainDispatcherApplication", Counting)
        logger.setLevel(logging.ERROR)
        server = server_module.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        address = "http://{}:{}".format(*server.get_host_and_port())
        for name, value in (settings | {"AWS_ENDPOINT_URL": address}).items():
            patch.setenv(name, value)
        package_s3fs.S3FileSystem.clear_instance_cache()
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield Store(address, requests, client)
        package_s3fs.S3FileSystem.clear_instance_cache()
        client.close()
        server.stop()
        logger.setLevel(level)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, store):
    """Of everything a few, and images that are larger than what may be read of them."""
    folder = mixed_folder(tmp_path_factory.mktemp("folder"))
    large = pydicom.dcmread(folder / "ct")
    large.Rows = large.Columns = 1024
    large.PixelData = bytes(2**21)
    for number in range(6):
        large.InstanceNumber = number
        large.save_as(folder / f"large{number}")
    (folder / "sub" / "odd +%20#&=name.dcm").write_bytes((folder / "ct").read_bytes())
    store.fill(folder, "data")
    return folder


SOURCE = f"s3://{BUCKET}/data"


def sent(asked):
    return sum(row[3] for row in asked)


@pytest.mark.parametrize(
    "options", [{}, {"tags": "all"}, {"tags": ["Rows", "0009[GEMS_IDEN_01]02", "BeamSequence[0].BeamName"]}]
)
@pytest.mark.parametrize("scanned", [False, True], ids=["by pydicom", "by the scanner"])
def test_the_table_is_that_of_the_disk(store, folder, monkeypatch, options, scanned):
    expected = by_name(index_folder(folder, **options), str(folder))
    monkeypatch.setattr("eda_utils.index.folder.SCAN_FROM", 0 if scanned else 500)
    with store.watched() as asked:
        table = index_folder(SOURCE, **options)
    found = by_name(table, SOURCE)
    pd.testing.assert_frame_equal(found[expected.columns], expected)
    assert set(found.columns) == set(expected.columns)
    assert table["path"].str.startswith("s3://").all()
    assert sent(asked) / len(table) < MOST_BYTES
    assert table["size_bytes"].max() > 2**21


def test_many_files_are_asked_for_once(store, folder):
    """From some fifty files on the scanner reads their beginnings, several at a time."""
    content = (folder / "large0").read_bytes()
    for number in range(60):
        store.put(f"many/{number:02}", content)
    with store.watched() as asked:
        table = index_folder(f"s3://{BUCKET}/many")
    assert table["Modality"].tolist() == ["CT"] * 60
    assert len(asked) == 61
    assert sent(asked) / len(table) < 20_000


@pytest.mark.parametrize("end", ["", "/"])
def test_a_bucket_a_folder_a_file(store, folder, end):
    count = sum(path.is_file() for path in folder.rglob("*"))
    assert len(index_folder(SOURCE + end)) == count
    assert len(index_folder(f"{SOURCE}/sub{end}")) == sum(path.is_file() for path in (folder / "sub").rglob("*"))
    assert index_folder(f"{SOURCE}/ct")["Modality"].tolist() == ["CT"]
    assert index_folder(f"{SOURCE}/empty")["problem"].tolist() == ["an empty file, not a DICOM file, image or slide"]
    assert len(index_folder([f"{SOURCE}/ct", f"{SOURCE}/notes.txt", folder / "ct"])) == 3
    assert len(index_folder(f"s3://{BUCKET}{end}")) >= count


def test_a_path_opens(folder):
    table = index_folder(SOURCE)
    named = table["path"].str.removeprefix(f"{SOURCE}/")
    for path, name in zip(table["path"], named, strict=True):
        if name in ("ct", "large3", "photo.png", "sub/deep/scan.tif", "sub/odd +%20#&=name.dcm"):
            assert np.array_equal(load_image(path).pixels, load_image(folder / name).pixels)


def test_keys_that_no_folder_has(store):
    content = pydicom.data.get_testdata_file("CT_small.dcm")
    with open(content, "rb") as file:
        content = file.read()
    names = ["a//b", "../up", "./dot", "x::y", "what?now", "trailing/", "ünï😀", "a" * 300]
    for name in names:
        store.put(f"odd/{name}", b"" if name.endswith("/") else content)
    table = index_folder(f"s3://{BUCKET}/odd")
    told = dict(zip(table["path"].str.removeprefix(f"s3://{BUCKET}/odd/"), table["problem"], strict=True))
    chained = told.pop("x::y")
    assert chained == "has :: in its name, which means something else in a URL; rename it"
    assert set(names) - {"x::y", "trailing/"} <= set(told)
    assert [
        name for name, problem in told.items() if isinstance(problem, str) and not name.startswith("trailing")
    ] == []


# cache


def test_a_second_run_fetches_the_listing_alone(store, folder, tmp_path):
    cache = tmp_path / "cache.parquet"
    store.fill(folder, "cached")
    source = f"s3://{BUCKET}/cached"
    first = index_folder(source, cache=cache)
    with store.watched() as asked:
        again = index_folder(source, cache=cache)
    pd.testing.assert_frame_equal(again, first)
    assert {(method, path) for method, path, _, _ in asked} == {("GET", f"/{BUCKET}")}
    assert all("list-type=2" in query for _, _, query, _ in asked)

    store.put("cached/notes.txt", b"HELLO")  # of the same length
    changed = pydicom.dcmread(folder / "ct")
    changed.Modality = "MR"
    buffer = io.BytesIO()
    changed.save_as(buffer)
    store.put("cached/ct", buffer.getvalue())
    store.put("cached/new", buffer.getvalue())
    store.client.delete_object(Bucket=BUCKET, Key="cached/large5")
    with store.watched() as asked:
        third = index_folder(source, cache=cache)
    opened = {path.removeprefix(f"/{BUCKET}/cached/") for _, path, _, _ in asked} - {f"/{BUCKET}"}
    assert opened == {"notes.txt", "ct", "new"}
    assert third.set_index("path")["Modality"][[f"{source}/ct", f"{source}/new"]].tolist() == ["MR", "MR"]
    pd.testing.assert_frame_equal(third, index_folder(source))


# archives on a server


def test_an_archive_in_a_bucket(store, folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_STORED) as archive:
        for path in filter(lambda path: path.is_file(), folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    store.client.upload_file(str(tmp_path / "x.zip"), BUCKET, "zipped/x.zip")
    url = f"zip://::s3://{BUCKET}/zipped/x.zip"
    with store.watched() as asked:
        table = index_folder(url)
    expected = by_name(index_folder(folder), str(folder))
    pd.testing.assert_frame_equal(by_name(table, "zip://", url[6:]), expected)
    assert asked
    assert load_image(f"zip://ct{url[6:]}").pixels.shape == (128, 128)


# what can be wrong

GONE = "{}: there is no such file or folder; check the spelling of the URL."
NO_FILE = "{}: there is no such file; check the URL."


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("s3://no-such-bucket", NO_FILE.format("s3")),
        ("s3://no-such-bucket/folder/a.dcm", NO_FILE.format("a.dcm")),
        (f"s3://{BUCKET}/gone", GONE.format("gone")),
        (f"s3://{BUCKET}/gone/", GONE.format("gone")),
        (f"zip://::s3://{BUCKET}/gone.zip", NO_FILE.format("gone.zip")),
    ],
)
def test_what_is_not_there(url, text):
    with pytest.raises(MissingError) as caught:
        index_folder(url)
    assert str(caught.value) == text
    assert not [word for word in (BUCKET, "127.0.0.1", KEY, SECRET) if word in str(caught.value)]


def test_an_object_that_vanishes_is_a_row(store, folder, monkeypatch):
    """Between the listing and the reading, or because it may not be read."""
    from eda_utils.index import rows

    store.put("going/a", (folder / "ct").read_bytes())
    store.put("going/b", (folder / "ct").read_bytes())
    real = rows.read_row

    def late(path, tags):
        store.client.delete_object(Bucket=BUCKET, Key="going/a")
        return real(path, tags)

    monkeypatch.setattr(rows, "read_row", late)
    table = index_folder(f"s3://{BUCKET}/going")
    assert table["problem"].tolist()[0] == "there is no such file; check the URL"
    assert table["Modality"].tolist()[1] == "CT"


def test_a_server_that_does_not_answer(store, monkeypatch):
    """The text of the error names neither the server nor the key."""
    fsspec = package("fsspec")
    monkeypatch.setitem(
        fsspec.config.conf,
        "s3",
        {"endpoint_url": "http://127.0.0.1:9", "config_kwargs": {"retries": {"max_attempts": 0}}},
    )
    with pytest.raises(EDAError) as caught:
        index_folder(f"s3://{BUCKET}/data")
    assert str(caught.value).startswith("data: ")
    assert not [word for word in (BUCKET, "127.0.0.1", KEY, SECRET) if word in str(caught.value)]


def test_a_bucket_that_may_not_be_read(store, folder, monkeypatch):
    s3fs = package("s3fs")

    async def denied(*_, **__):
        raise PermissionError(f"Access Denied for {KEY} at {store.address}")

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", denied)
    with pytest.raises(AccessError) as caught:
        index_folder(SOURCE)
    assert (
        str(caught.value)
        == "data: could not be read (PermissionError); check the URL, the credentials and the archive."
    )
