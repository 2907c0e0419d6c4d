"""The command that fetches from an archive."""

from ..core import RequestError
from .options import DONE, add_command, add_quiet, say


def add_fetch(commands):
    """Add the command `fetch`."""
    command = add_command(commands, _fetch, "fetch --from 127.0.0.1:4242 --aet ORTHANC --study 1.2.3 -o study/")
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--from", dest="source", metavar="HOST:PORT", help="where the archive listens")
    source.add_argument("--web", metavar="URL", help="a DICOMweb server, such as http://127.0.0.1:8042/dicom-web")
    command.add_argument("--aet", metavar="TITLE", default="ANY-SCP", help="its AE title; default: %(default)s")
    command.add_argument("--calling", metavar="TITLE", default="EDA_UTILS", help="our AE title; default: %(default)s")
    command.add_argument("--study", nargs="+", required=True, metavar="UID", help="Study Instance UIDs")
    command.add_argument("-o", "--output", required=True, metavar="FOLDER", help="it is made")
    command.add_argument("--move", metavar="AET@HOST:PORT", help="by C-MOVE to this address of ours")
    command.add_argument("--timeout", type=float, default=30, metavar="SECONDS", help="default: %(default)s")
    add_quiet(command)


def _fetch(options):
    """Retrieve studies from a DICOM archive (PACS) into a folder.

    Studies come by C-GET into the folder, named by SOP Instance UID, or with --web over HTTP. Only the address that you
    give is contacted. `report` and `index` take the folder. Exit code 2 if a study does not come.
    """
    from ..core import plural

    came = sum(len(_fetch_study(study, options)) for study in options.study)
    if not came:
        raise RequestError("--study", "the archive holds no such study", "check the UID, and ask with query")
    say(f"{plural(came, 'instance')} in {options.output}")
    return DONE


def _fetch_study(study, options):
    from ..services import retrieve, retrieve_web

    words = {"timeout": options.timeout, "progress": options.progress}
    if options.web:
        return retrieve_web(study, options.web, options.output, **words)
    way = {"method": "move", "receive_at": options.move} if options.move else {}
    address = f"{options.aet}@{options.source}"
    return retrieve(study, address, options.output, calling=options.calling, **way, **words)
