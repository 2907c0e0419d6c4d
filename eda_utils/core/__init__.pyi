"""Errors, findings, text, tables, files, URLs, parallel and guarded work, progress: what every other room stands on."""

from .errors import (
    AccessError as AccessError,
    DecodeError as DecodeError,
    EDAError as EDAError,
    FormatError as FormatError,
    LimitError as LimitError,
    MissingError as MissingError,
    MissingExtraError as MissingExtraError,
    NoPixelDataError as NoPixelDataError,
    NotebookError as NotebookError,
    PeerError as PeerError,
    RequestError as RequestError,
    check_frame as check_frame,
)
from .export import write_csv as write_csv, write_excel as write_excel
from .extras import (
    LIBRARIES as LIBRARIES,
    attach_stub as attach_stub,
    explain_missing as explain_missing,
    need_extra as need_extra,
)
from .files import (
    HEAD_BYTES as HEAD_BYTES,
    HEADER_BYTES as HEADER_BYTES,
    HEADER_SECONDS as HEADER_SECONDS,
    OPEN_FLAGS as OPEN_FLAGS,
    VR_CODES as VR_CODES,
    Paths as Paths,
    existing_path as existing_path,
    file_facts as file_facts,
    find_files as find_files,
    find_paths as find_paths,
    limit_error as limit_error,
    open_file as open_file,
    read_at as read_at,
    read_head as read_head,
    spelt as spelt,
)
from .findings import (
    SEVERITIES as SEVERITIES,
    TEXT as TEXT,
    findings_table as findings_table,
    summarize_findings as summarize_findings,
)
from .guards import PARSE_ERRORS as PARSE_ERRORS, READ_ERRORS as READ_ERRORS, quiet as quiet
from .installation import (
    REINSTALL as REINSTALL,
    checkout as checkout,
    is_installed as is_installed,
    missing_parts as missing_parts,
    notebook_folder as notebook_folder,
    part as part,
    read_part as read_part,
    work_folder as work_folder,
)
from .parallel import Client as Client, check_workers as check_workers, mapper as mapper
from .progress import progress_bar as progress_bar, tell as tell
from .sandbox import ADVICE as ADVICE, call_guarded as call_guarded, run_apart as run_apart, run_guarded as run_guarded
from .tables import NOT_STATED as NOT_STATED, need as need
from .text import (
    format_bytes as format_bytes,
    plural as plural,
    printable as printable,
    without_values as without_values,
)
from .urls import (
    CHAIN as CHAIN,
    FIRST_BYTES as FIRST_BYTES,
    is_slow as is_slow,
    is_url as is_url,
    list_urls as list_urls,
    read_url as read_url,
    source_name as source_name,
)
