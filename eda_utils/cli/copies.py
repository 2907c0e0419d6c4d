"""The command that copies files without what identifies a person."""

from .options import DONE, FINDINGS, SOURCES, add_command, say

RETAINED = ("dates", "characteristics", "device", "uids")  # of deidentification.py, which needs pandas


def add_deidentify(commands):
    """Add the command `deidentify`."""
    command = add_command(commands, _deidentify, "deidentify ~/export ~/export-deidentified --retain dates")
    command.add_argument("source", metavar="SOURCE", help=SOURCES)
    command.add_argument("destination", metavar="FOLDER", help="new or empty, outside of SOURCE")
    kept = "what may stay: dates (moved, per patient), characteristics (age, sex, size), device, uids"
    command.add_argument("--retain", nargs="+", choices=RETAINED, default=[], metavar="WHAT", help=kept)
    clean = "blank text in the pixels, and what lies outside of ultrasound regions; seconds an image"
    command.add_argument("--clean-pixels", action="store_true", help=clean)
    crosswalk = "a new CSV file, elsewhere, of old and new numbers and UIDs: it undoes the work; keep it safe"
    command.add_argument("--crosswalk", metavar="FILE", help=crosswalk)
    command.add_argument("--workers", type=int, metavar="N", help="processes; default: 1")


def _deidentify(options):
    """Copy DICOM files without what identifies a person.

    By the basic profile of PS3.15 Annex E; each copy is audited again. What is written in pixels stays, unless
    --clean-pixels is given. Printed is what was not copied and what remains, as counts; exit code 1 if there is any.
    """
    from ..core import plural
    from ..privacy import deidentify

    names = ("retain", "clean_pixels", "crosswalk", "workers")
    chosen = {name: getattr(options, name) for name in names}
    done = deidentify(options.source, options.destination, **chosen)
    copied, remains = done["copied_to"].notna().sum(), done["remains"].fillna("")
    say(f"{plural(len(done), 'file')}: {copied:,} copied, {len(done) - copied:,} not")
    kinds = remains[remains != ""].str.findall(r"(?:^|; )(\w+): ").explode().value_counts()
    for what, number in [*done["problem"].value_counts().items(), *kinds.items()]:
        say(f"{number:6,} {what}")
    return FINDINGS if copied < len(done) or len(kinds) else DONE
