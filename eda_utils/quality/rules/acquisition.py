"""Rules on how a header says that an image was taken: exposure, field strength, side and view."""

from .check import Check, look_up, number, told
from .geometry import BODY, PROJECTIONS, RADIOGRAPHS

KILOVOLTS = {"MG": (15, 60), **dict.fromkeys(("CR", "CT", "DX", "RF", "XA"), (20, 200))}
MILLISECONDS = {**dict.fromkeys(RADIOGRAPHS, 10_000), "CT": 200_000}
MILLIAMPERES, TESLA = 2_000, (0.005, 25)
VIEWS = (  # PS3.3 C.8.1.1 and C.8.11.5; PS3.16 CID 4014 for mammograms
    *("AP", "PA", "LL", "RL", "RLD", "LLD", "RLO", "LLO"),
    *("CC", "MLO", "ML", "LM", "LMO", "SIO", "ISO", "FB", "XCC", "XCCL", "XCCM", "AT", "CV", "RM", "TAN", "SPECIMEN"),
)
PAIRED = (  # PS3.16 table L-1
    *("ANKLE", "ARM", "BREAST", "CALCANEUS", "CLAVICLE", "ELBOW", "FEMUR", "FINGER", "FOOT", "FOREARM", "HAND"),
    *("HUMERUS", "KNEE", "LEG", "PATELLA", "SCAPULA", "SHOULDER", "THIGH", "THUMB", "TOE", "WRIST"),
)
NO_SIDE = r"(?:LAT\b|LATERAL|OBL|DECUB|POST|ANT|ERECT)"  # LEFT LATERAL is a view


def kilovolts_implausible(images):
    """KVP (0018,0060) is no tube voltage of this modality: perhaps volts (PS3.3 C.8.7.2, C.8.2.1)."""
    low, high = (look_up(images["Modality"], {name: pair[at] for name, pair in KILOVOLTS.items()}) for at in (0, 1))
    voltage = images["KVP"]
    return told(images, (voltage != 0) & ((voltage < low) | (voltage > high)), "{KVP} kV in {Modality}")


def exposure_implausible(images):
    """Exposure Time (0018,1150) in ms or X-Ray Tube Current in mA is out of scale (PS3.3 C.8.7.2, C.8.2.1)."""
    time, current = number(images["ExposureTime"]), number(images["XRayTubeCurrent"])
    longest = look_up(images["Modality"], MILLISECONDS)
    wrong = (time < 0) | (time > longest) | (current < 0) | (current > MILLIAMPERES)
    return told(images, wrong, "{ExposureTime} ms, {XRayTubeCurrent} mA")


def exposure_zero(images):
    """KVP, Exposure Time or X-Ray Tube Current is 0, which stands for not known (PS3.5 7.4.4)."""
    wrong = (images[["KVP", "ExposureTime", "XRayTubeCurrent"]] == 0).fillna(False).any(axis=1)
    evidence = "{KVP} kV, {ExposureTime} ms, {XRayTubeCurrent} mA"
    return told(images, wrong & images["Modality"].isin(BODY), evidence)


def field_strength_implausible(images):
    """Magnetic Field Strength (0018,0087) is no number of teslas: perhaps gauss (PS3.3 C.8.3.1)."""
    strength = images["MagneticFieldStrength"]
    wrong = (strength != 0) & ((strength < TESLA[0]) | (strength > TESLA[1]))
    return told(images, wrong, "{MagneticFieldStrength} T")


def laterality_contradicts(images):
    """Laterality (0020,0060) and Image Laterality (0020,0062) name opposite sides (PS3.3 C.7.3.1, C.8.11.2)."""
    series, image = images["Laterality"].astype(object), images["ImageLaterality"].astype(object)
    wrong = series.isin(["L", "R"]) & image.isin(["L", "R"]) & (series != image)
    return told(images, wrong, "Laterality {Laterality}, Image Laterality {ImageLaterality}")


def laterality_contradicts_description(images):
    """The Series Description names the other side than Laterality does (PS3.3 C.7.3.1)."""
    text = images["SeriesDescription"].astype(object)
    names = text.drop_duplicates().dropna()
    words = (rf"\b{word}\b(?!\W*{NO_SIDE})" for word in ("LEFT", "RIGHT"))
    is_left, is_right = (text.isin(names[names.str.upper().str.contains(word)]) for word in words)
    stated = images["ImageLaterality"].astype(object).where(images["ImageLaterality"].notna(), images["Laterality"])
    wrong = (is_left & ~is_right & (stated == "R")) | (is_right & ~is_left & (stated == "L"))
    return told(images, wrong, "the side is {side}, the text names the other", side=stated.where(wrong))


def laterality_missing(images):
    """A mammogram or a radiograph of a paired part without a side (PS3.3 C.7.3.1, type 2C; C.8.11.2, type 1)."""
    is_paired = images["Modality"].isin(PROJECTIONS) & images["BodyPartExamined"].isin(PAIRED)
    lacking = images[["Laterality", "ImageLaterality"]].isna().all(axis=1)
    wrong = (is_paired | (images["Modality"] == "MG")) & lacking
    return told(images, wrong, "neither Laterality nor Image Laterality")


def view_missing(images):
    """A radiograph without View Position (0018,5101) (PS3.3 C.8.1.1, type 2)."""
    lacking = images["Modality"].isin(RADIOGRAPHS) & images["ViewPosition"].isna()
    return told(images, lacking, "no View Position")


def view_unknown(images):
    """View Position (0018,5101) is no term of the standard: one view has several names (PS3.3 C.8.1.1, C.8.11.5)."""
    view = images["ViewPosition"]
    wrong = images["Modality"].isin(RADIOGRAPHS) & view.notna() & ~view.isin(VIEWS)
    return told(images, wrong, "none of the defined terms")


UNIT = "compare with images of the same device, and correct the unit in your table"
SIDE = "look for a marker in the pixels; do not mirror or pair by side until it is known"
LATERALITY = "Laterality ImageLaterality"
CHECKS = (
    Check(kilovolts_implausible, "warning", "KVP Modality", UNIT),
    Check(exposure_implausible, "warning", "ExposureTime XRayTubeCurrent Modality", UNIT),
    Check(exposure_zero, "note", "KVP ExposureTime XRayTubeCurrent Modality", "take 0 as missing in statistics"),
    Check(field_strength_implausible, "warning", "MagneticFieldStrength", UNIT),
    Check(laterality_contradicts, "error", LATERALITY, SIDE),
    Check(laterality_contradicts_description, "error", f"{LATERALITY} SeriesDescription", SIDE),
    Check(laterality_missing, "warning", f"{LATERALITY} Modality BodyPartExamined", SIDE),
    Check(view_missing, "note", "ViewPosition Modality", "tell the views apart by the pixels before you mix them"),
    Check(view_unknown, "note", "ViewPosition Modality", "map the spellings to one term in your table"),
)
