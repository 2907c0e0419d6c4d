"""One image, from file to picture: frames, decoders, modality, display, overlays and spacing."""

from .decoders import DECODERS as DECODERS, find_decoder as find_decoder
from .display import (
    FALLBACK_PERCENTILES as FALLBACK_PERCENTILES,
    PRESETS as PRESETS,
    Window as Window,
    WindowLike as WindowLike,
    apply_window as apply_window,
    choose_window as choose_window,
    default_window as default_window,
    read_windows as read_windows,
    to_display as to_display,
)
from .explain import display_steps as display_steps, explain_display as explain_display
from .frames import (
    FUNCTIONAL_GROUPS as FUNCTIONAL_GROUPS,
    frame_header as frame_header,
    read_frame as read_frame,
    to_rgb as to_rgb,
)
from .image import Image as Image, load_image as load_image, load_stages as load_stages, to_png as to_png
from .modality import padding_mask as padding_mask, to_modality as to_modality, unit_of as unit_of
from .naive_display import audit_display as audit_display, compare_naive as compare_naive, to_naive as to_naive
from .raster import (
    CUT_PICTURE as CUT_PICTURE,
    describe_picture as describe_picture,
    is_cut_picture as is_cut_picture,
    read_picture as read_picture,
)
from .spacing import NO_SPACING as NO_SPACING, Spacing as Spacing, read_aspect as read_aspect
