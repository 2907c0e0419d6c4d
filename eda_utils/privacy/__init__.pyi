"""Who can be recognised: the audit, text in pixels, and copies without identifiers."""

from .audit_folder import audit as audit
from .burned_in import (
    count_lines as count_lines,
    find_burned_in as find_burned_in,
    find_text as find_text,
    ultrasound_regions as ultrasound_regions,
)
from .deidentification import deidentify as deidentify
from .ocr import wants_reading as wants_reading
from .risk import risk_card as risk_card
from .text_shapes import text_boxes as text_boxes
