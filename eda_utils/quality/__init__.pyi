"""What is wrong with images: measurements, rules, duplicates and UIDs."""

from .duplicates import (
    HASH_BITS as HASH_BITS,
    HIERARCHY as HIERARCHY,
    duplicate_groups as duplicate_groups,
    find_duplicates as find_duplicates,
)
from .histogram import LUMINANCE as LUMINANCE, luminance as luminance
from .issues import QUALITY_TAGS as QUALITY_TAGS, flag_issues as flag_issues, list_checks as list_checks
from .measure import SCHEMA as SCHEMA, measure_images as measure_images
from .rules.check import robust_scores as robust_scores
from .rules.slides import (
    SLIDE_CHECKS as SLIDE_CHECKS,
    flag_slides as flag_slides,
    slide_stain_outlier as slide_stain_outlier,
    stain_angles as stain_angles,
)
from .slides import measure_slides as measure_slides
from .uids import check_uids as check_uids
