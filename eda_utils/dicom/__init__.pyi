"""DICOM data sets: attributes, values, encapsulated pixels, formats, and what tells who somebody is."""

from .attributes import (
    FLOAT_VRS as FLOAT_VRS,
    NUMERIC_VRS as NUMERIC_VRS,
    find_attribute as find_attribute,
    known_attribute as known_attribute,
    name_of as name_of,
)
from .cells import (
    CHECKED as CHECKED,
    MOST_START as MOST_START,
    NATIVE_SYNTAXES as NATIVE_SYNTAXES,
    UNCOMPRESSED as UNCOMPRESSED,
    complaints as complaints,
    is_unreadable as is_unreadable,
    plain_value as plain_value,
    uid_name as uid_name,
)
from .codestream import (
    END as END,
    comment_segments as comment_segments,
    estimate_quality as estimate_quality,
    stream_size as stream_size,
    upper_part as upper_part,
    without_comments as without_comments,
)
from .consistency import check_claims as check_claims
from .dataset import (
    MACROS as MACROS,
    PIXEL_KEYWORDS as PIXEL_KEYWORDS,
    UNDEFINED_LENGTH as UNDEFINED_LENGTH,
    ImageSource as ImageSource,
    attribute as attribute,
    count_frames as count_frames,
    items as items,
    numbers as numbers,
    read_dataset as read_dataset,
    texts as texts,
    without_pixels as without_pixels,
)
from .encapsulated import CUT_PIXELS as CUT_PIXELS, first_item as first_item, stream_complaints as stream_complaints
from .formats import (
    FOR_OPENSLIDE as FOR_OPENSLIDE,
    GENERIC as GENERIC,
    LOSSY as LOSSY,
    SLIDE_SUFFIXES as SLIDE_SUFFIXES,
    SYNTAX as SYNTAX,
    TIFF_SIGNATURES as TIFF_SIGNATURES,
    is_measured as is_measured,
    loses_bits as loses_bits,
    sniff as sniff,
    sniff_head as sniff_head,
)
from .headers import compare_headers as compare_headers, header_table as header_table
from .phi import (
    NAMING as NAMING,
    basic_profile as basic_profile,
    identifier_words as identifier_words,
    identifiers as identifiers,
    is_phi as is_phi,
    mask_identifiers as mask_identifiers,
    redact_table as redact_table,
)
from .sources import list_files as list_files, list_source as list_source
