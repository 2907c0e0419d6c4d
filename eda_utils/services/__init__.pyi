"""The DICOM services over a network, and an archive to try them on."""

from .archive import Archive as Archive, start_archive as start_archive
from .association import (
    Address as Address,
    describe_status as describe_status,
    open_association as open_association,
    parse_address as parse_address,
)
from .films import print_film as print_film
from .objects import produce_capture as produce_capture, produce_segmentation as produce_segmentation
from .queries import echo as echo, query as query
from .retrievals import retrieve as retrieve
from .transfers import send as send
from .web import query_web as query_web, retrieve_web as retrieve_web, send_web as send_web
