"""The commands that write tables: index, measure, audit, slides."""

import argparse
import os
from pathlib import Path

from ..core import RequestError
from .options import (
    DONE,
    FINDINGS,
    TABLES,
    add_command,
    add_no_pixels,
    add_output,
    add_quiet,
    add_sources,
    say,
    say_file,
)

IMAGES = ("dicom", "image", "slide")
SEVERITIES = ("error", "warning", "note")  # of findings.py, which needs pandas: `doctor` must run without it
NEVER = "never"


def add_index(commands):
    """Add the command that writes an index."""
    command = add_command(commands, _index)
    add_sources(command)
    add_output(command, "index.parquet", f"{TABLES}, or a new folder (end it with /) for an index larger than memory")
    tags = "keywords, tags, paths into sequences, or: all; default: about sixty"
    command.add_argument("-t", "--tags", nargs="+", metavar="TAG", help=tags)
    _add_cache(command)
    _add_means(command, "worth while from 100,000 files on")
    identifiers = "keep names, numbers, dates and UIDs instead of masking them"
    command.add_argument("--identifiers", action="store_true", help=identifiers)


def add_measure(commands):
    """Add the command that writes the statistics of pixels."""
    command = add_command(commands, _measure, "measure ~/export -o stats.csv --cache pixels.parquet")
    add_sources(command)
    add_output(command, "stats.parquet", TABLES)
    _add_cache(command)
    _add_means(command, "each decodes on its own")


def add_audit(commands):
    """Add the command that writes findings."""
    command = add_command(commands, _audit, "audit ~/export -o findings.csv --fail-on warning")
    add_sources(command)
    add_output(command, "findings.csv", TABLES)
    add_no_pixels(command, "decode every image too; --no-pixels is faster")
    phi = "look for what can identify a patient; --no-phi asks for defects only"
    command.add_argument("--phi", action=argparse.BooleanOptionalAction, default=True, help=phi)
    burned_in = "look for text in the pixels too; up to a second an image, and more where text is read (extra ocr)"
    command.add_argument("--burned-in", action="store_true", help=burned_in)
    _add_fail_on(command)
    _add_means(command, "each decodes on its own")


def add_slides(commands):
    """Add the command that writes a table of slides."""
    command = add_command(commands, _slides, "slides ~/scans -o slides.csv --fail-on warning")
    add_sources(command)
    add_output(command, "slides.csv", TABLES)
    add_no_pixels(command, "look at the pixels too; --no-pixels is faster")
    _add_fail_on(command)
    _add_means(command, "each reads on its own")


def _add_fail_on(command):
    fail = "exit code 1 if there is a finding as severe as this: error (default), warning, note; or never"
    command.add_argument("--fail-on", choices=[*SEVERITIES, NEVER], default="error", metavar="SEVERITY", help=fail)


def _add_cache(command):
    cache = "a .parquet file for later runs, which then open only what is new or changed"
    command.add_argument("--cache", metavar="FILE", help=cache)


def _add_means(command, when):
    command.add_argument("--workers", type=int, metavar="N", help=f"processes, {when}; default: 1")
    client = "a Dask scheduler whose workers shall read, such as tcp://host:8786"
    command.add_argument("--client", metavar="ADDRESS", help=client)
    add_quiet(command)


def _how(options):
    return {name: getattr(options, name) for name in ("workers", "client", "progress")}


def _index(options):
    """Write one row per file of a folder, with its header.

    Every file found is a row; what cannot be read has the reason in the column problem.
    """
    from ..dicom import redact_table
    from ..index import check_index_name, index_folder, write_index

    tags = "all" if options.tags == ["all"] else options.tags
    if options.output.endswith("/"):
        return _index_parts(options, tags)
    check_index_name(options.output)
    index = index_folder(options.source, tags=tags, cache=options.cache, **_how(options))
    target = write_index(index if options.identifiers else redact_table(index), options.output)
    say_file(target, f"{len(index):,} files: {_described(index)}")
    return DONE


def _described(table):
    bad = int(table["problem"].notna().sum())
    return f"{len(table) - bad:,} described, {bad:,} with a problem"


def _index_parts(options, tags):
    """Masking needs all parts at once: the same patient must get the same code in each."""
    from ..index import index_folder

    if not options.identifiers:
        raise RequestError("--output", "an index in parts is not masked", "add --identifiers, and keep it where it is")
    say(index_folder(options.source, tags=tags, cache=options.cache, output=options.output, **_how(options)))
    return DONE


def _measure(options):
    """Write one row per image, with the statistics of its pixels.

    Values are after rescale and without padding; of colour, luminance. What cannot be decoded has a problem.
    """
    from ..dicom import identifiers, mask_identifiers
    from ..index import check_cache_name, check_index_name, write_index
    from ..quality import measure_images

    check_index_name(options.output)
    if options.cache:
        check_cache_name(options.cache)
    index = _images(options)
    stats = measure_images(index, cache=options.cache, **_how(options))
    known = identifiers(index)
    stats["path"] = [mask_identifiers(path, known) for path in stats["path"]]
    target = write_index(stats, options.output)
    bad = int(stats["problem"].notna().sum())
    say_file(target, f"{len(stats):,} images: {len(stats) - bad:,} measured, {bad:,} with a problem")
    return DONE


def _images(options):
    """The index of the sources, with all that a check may need; to have no image in it is an error."""
    from ..index import INDEX_TAGS, index_folder
    from ..quality import QUALITY_TAGS

    index = index_folder(options.source, tags=[*INDEX_TAGS, *QUALITY_TAGS], **_how(options))
    if not index["kind"].isin(IMAGES).any():
        name = Path(options.source[0]).name if len(options.source) == 1 else "SOURCE"
        raise RequestError(name, "holds no image", "check the folder")
    return index


def _audit(options):
    """Write what is wrong with the images of a folder.

    Checked are headers, UIDs and, unless --no-pixels, pixels and duplicates; and, unless --no-phi, what can identify a
    patient. Printed are counts and whether the folder can be passed on; the file has one row per finding: path below
    the folder, kind, severity, what, evidence, advice.
    """

    import pandas as pd

    from ..core import findings_table, plural
    from ..index import check_index_name, write_index
    from ..privacy import risk_card

    check_index_name(options.output)
    index = _images(options)
    phi = _of_patients(index, options)
    found = _findings(index, options) if phi is None else findings_table(pd.concat([_findings(index, options), phi]))
    target = write_index(found.assign(path=_shown_paths(found, index, options.source)), options.output)
    counts = found.groupby(["severity", "kind"], observed=True).size()
    for (severity, kind), count in counts.items():
        say(f"{severity:8} {kind:40} {count:8,}")
    if phi is not None:
        say(risk_card(phi, index).sentence)
    severities = found["severity"].value_counts()
    told = ", ".join(plural(severities.get(severity, 0), severity) for severity in SEVERITIES)
    say_file(target, f"{told}; of {len(index):,} files {_described(index)}")
    return _verdict(found, options)


def _verdict(found, options):
    failing = SEVERITIES[: SEVERITIES.index(options.fail_on) + 1] if options.fail_on != NEVER else ()
    return FINDINGS if found["severity"].isin(failing).any() else DONE


def _slides(options):
    """Write one row per whole-slide image of a folder.

    Looked at are size, spacing, tissue, ink, focus, folds, bubbles, light and stains; a slide that cannot be opened has
    a problem. Printed is what is wrong, slide by slide.
    """
    from ..core import plural
    from ..index import check_index_name, write_index
    from ..quality import flag_slides, measure_slides

    check_index_name(options.output)
    slides = measure_slides(options.source, measure=options.pixels, **_how(options))
    if slides.empty:
        raise RequestError(Path(options.source[0]).name, "holds no whole-slide image", "check the folder")
    found, names = flag_slides(slides), dict(zip(slides["path"], slides["file"], strict=True))
    for row in found.itertuples():
        say(f"{row.severity:8} {names[row.path]:40} {row.what} ({row.evidence})")
    target = write_index(slides.drop(columns="path"), options.output)
    bad = int((slides["problem"] != "").sum())
    say_file(target, f"{plural(len(slides), 'slide')}: {len(slides) - bad:,} opened, {bad:,} with a problem")
    return _verdict(found, options)


def _findings(index, options):
    import pandas as pd

    from ..core import findings_table
    from ..quality import check_uids, find_duplicates, flag_issues, measure_images

    stats = measure_images(index, **_how(options)) if options.pixels else None
    found = [flag_issues(index, stats), check_uids(index)]
    found += [find_duplicates(stats, index=index)] if options.pixels else []
    return findings_table(pd.concat(found))


def _of_patients(index, options):
    if not (options.phi or options.burned_in):
        return None
    from .. import privacy

    return privacy.audit(index, pixels=options.burned_in, workers=options.workers, progress=options.progress)


def _shown_paths(found, index, source):
    """Below the folder, with names and numbers of patients masked; a finding about no file has none."""
    from ..dicom import identifiers, mask_identifiers
    from ..index import relative_paths

    known, shown = identifiers(index), dict(zip(index["path"], relative_paths(index), strict=True))
    folder = os.path.abspath(Path(source[0]).expanduser())
    if len(source) == 1 and Path(folder).is_dir():
        shown = {path: os.path.relpath(path, folder) for path in shown}
    return [mask_identifiers(shown.get(path, ""), known) for path in found["path"]]
