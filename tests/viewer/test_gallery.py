"""Cards show varied images with their header and findings, name nobody, and stay within their budget."""

import re

import numpy as np
import pandas as pd
import pytest
from parts import foreign_files

import eda_utils as eda
from eda_utils.core.findings import findings_table
from eda_utils.samples.fetch import CANARY


@pytest.fixture(scope="module")
def gallery(index):
    return eda.viewer.image_gallery(index)


@pytest.mark.slow
def test_cards_are_the_varied_sample(gallery, index):
    shown = eda.index.sample_images(index)
    assert len(gallery.cards) == len(gallery.names) == len(shown) == 24
    count = int((index["problem"].isna() & index["Rows"].notna() & (index["kind"] != "slide")).sum())
    assert repr(gallery).splitlines()[0] == f"24 of {count} images"
    modalities = re.findall(r'data-modality="([^"]+)"', gallery._repr_html_())
    assert modalities == [each if isinstance(each, str) else "not stated" for each in shown["Modality"]]


@pytest.mark.slow
def test_every_card_has_its_picture_and_header(gallery):
    for card in gallery.cards:
        assert card.count("<img") == 1
        assert re.search(r"<summary>(Header, \d+ elements|File)</summary>", card)
        assert len(set(re.findall(r'id="([^"]+)"', card))) == 1


@pytest.mark.slow
def test_nobody_is_named(gallery, index):
    html = gallery._repr_html_()
    assert CANARY.lower() not in html.lower()
    for uid in index["SOPInstanceUID"].dropna():
        assert uid not in html


@pytest.mark.slow
@pytest.mark.parametrize("budget", [500_000, 2_000_000])
def test_the_budget_is_kept(index, budget):
    cards = eda.viewer.image_gallery(index, budget_bytes=budget).cards
    blocks = sum(len(block) for card in cards for block in re.findall(r'<div class="eda-block.*?</script></div>', card))
    assert blocks < budget * 1.1


@pytest.mark.slow
def test_findings_stand_on_the_card_of_their_file(index):
    path = eda.index.sample_images(index)["path"].iloc[2]
    findings = findings_table([(path, "some_kind", "error", "what is <wrong>", "5 of 6", "do it")])
    cards = eda.viewer.image_gallery(index, findings).cards
    assert 'data-finding="some_kind"' in cards[2]
    assert "error: what is &lt;wrong&gt; <small>(5 of 6)</small>" in cards[2]
    assert sum('data-finding="none"' in card for card in cards) == 23


def test_attributes_are_text(make_dicom):
    path = make_dicom(np.zeros((80, 80), np.uint8), Manufacturer='"><script>x</script>')
    [card] = eda.viewer.image_gallery(eda.index_folder(path)).cards
    assert "<script>x" not in card
    assert 'data-equipment="&quot;&gt;&lt;script&gt;' in card


def test_an_empty_folder_has_no_card(tmp_path):
    gallery = eda.viewer.image_gallery(eda.index_folder(tmp_path))
    assert gallery.cards == ()
    assert repr(gallery) == "0 of 0 images"


@pytest.mark.slow
def test_any_folder_has_cards():
    index = pd.concat([eda.index_folder(path) for path in foreign_files()[::9]], ignore_index=True)
    gallery = eda.viewer.image_gallery(index, budget_bytes=1_000_000)
    assert len(gallery.cards) == len(eda.index.sample_images(index))
