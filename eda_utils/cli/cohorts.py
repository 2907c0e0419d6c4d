"""The commands for cohorts: compare two of them, split one by patient."""

from .options import DONE, FINDINGS, add_command, add_no_pixels, add_output, add_quiet, add_sources, say, say_file

PARTS = ("train=0.7", "val=0.15", "test=0.15")


def add_compare(commands):
    """Add the command `compare`."""
    command = add_command(commands, _compare, "compare ~/site-a ~/site-b -o drift.html")
    command.add_argument("a", metavar="A", help="folder or archive, such as what a model was trained on")
    command.add_argument("b", metavar="B", help="folder or archive, such as what it is used on")
    add_output(command, "drift.html", metavar="PAGE")
    add_no_pixels(command, "compare pixel statistics too; --no-pixels is faster")
    add_quiet(command)


def _compare(options):
    """Show on a page how two sets of images differ.

    Headers and pixel statistics are compared field by field, one image per patient, and by a model that tries to tell
    the sets apart; the page shows both. Exit code 1 if a field drifts.
    """
    from ..core import plural
    from ..index import index_folder
    from ..report import compare_images, render_comparison

    sides = [index_folder(side, progress=options.progress) for side in (options.a, options.b)]
    comparison = compare_images(*sides, pixels=options.pixels, progress=options.progress)
    page = render_comparison(*sides, options.output, comparison=comparison)
    drifting = int(comparison["is_drift"].sum())
    say_file(page, f"{drifting:,} of {plural(len(comparison), 'field')} drift")
    return FINDINGS if drifting else DONE


def add_split(commands):
    """Add the command `split`."""
    command = add_command(commands, _split, "split ~/export -o split.csv --labels labels.csv --stratify Mass")
    add_sources(command)
    add_output(command, "split.csv", ".csv or .parquet")
    parts = "which add up to 1; default: train=0.7 val=0.15 test=0.15"
    command.add_argument("--parts", nargs="+", default=PARTS, metavar="NAME=SHARE", help=parts)
    command.add_argument("--labels", metavar="FILE", help="a table of labels, joined by UID, number or file name")
    stratify = "columns whose shares shall be alike in all parts"
    command.add_argument("--stratify", nargs="+", default=[], metavar="COLUMN", help=stratify)
    group = "columns that keep images together; path: each by itself where the others are missing"
    command.add_argument("--group", nargs="+", default=["PatientID"], metavar="COLUMN", help=group)
    command.add_argument("--seed", type=int, default=0, metavar="N", help="default: %(default)s")
    add_no_pixels(command, "look for copies of pictures too; --no-pixels is faster")
    add_quiet(command)


def _split(options):
    """Split images by patient into train, val and test.

    No patient is in two parts and, unless --no-pixels, no picture that is there twice. Printed is the proof; the file
    has one row per image: file, part, and the hash of what the split was made from. It names files: keep it where they
    are.
    """
    from ..cohort import check_split, join_labels, split_patients, write_split
    from ..index import check_index_name, index_folder, is_image
    from ..quality import measure_images

    check_index_name(options.output)
    fractions = dict(map(_part, options.parts))
    index = index_folder(options.source, progress=options.progress)
    index = index[is_image(index)]
    index = join_labels(index, options.labels) if options.labels else index
    stats = measure_images(index, progress=options.progress) if options.pixels else None
    chosen = {"stratify": options.stratify, "seed": options.seed, "group": options.group, "stats": stats}
    split = split_patients(index, fractions, **chosen)
    for row in check_split(split, stats=stats).itertuples():
        said = f"{row.across_parts:,} of {row.groups:,} {row.what} in more than one part"
        say(f"{said} (a random split: {row.across_if_random:,.0f})")
    counts = ", ".join(f"{name} {count:,}" for name, count in split["part"].value_counts(sort=False).items())
    say_file(write_split(split, options.output), counts)
    return DONE


def _part(text):
    from ..core import RequestError

    name, found, share = text.partition("=")
    try:
        return name, float(share)
    except ValueError:
        said = "has no share" if not found else "has a share that is no number"
        raise RequestError("--parts", f"{name} {said}", "write such as train=0.7 test=0.3") from None
