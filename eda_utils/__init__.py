"""Exploratory data analysis of 2D medical images.

Each room holds what belongs together, and is entered as ``eda_utils.<room>``; the names that nearly everybody needs can
be had from here too. All are loaded when they are first used (SPEC 1), so that importing the package costs little.

dicom     DICOM data sets: attributes, values, encapsulated pixels, formats, and what tells who somebody is.
image     One image, from file to picture: frames, decoders, modality, display, overlays and spacing.
slides    Whole-slide images: how they are read, their tissue, stains and nuclei.
index     A folder as a table: the index, its cache, summaries, series and headlines.
quality   What is wrong with images: measurements, rules, duplicates and UIDs.
privacy   Who can be recognised: the audit, text in pixels, and copies without identifiers.
cohort    From images to a data set for training: labels, splits, shortcuts, drift and the hand-over.
services  The DICOM services over a network, and an archive to try them on.
samples   Images to practise on: real ones out of packages, and drawn ones whose truth is known.
plots     Figures: pixels and tables in, Axes out.
viewer    Widgets that show images and slides, and their JavaScript.
report    Notebooks and folders as pages, the lessons' exercises, and the state of the installation.
"""

import lazy_loader as lazy

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
