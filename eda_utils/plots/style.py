"""How every figure looks: one rc dict, one palette, one accent (no matplotlib import here)."""

ACCENT = "#0072B2"
# Okabe and Ito 2008: six colours that stay apart under the common colour vision deficiencies
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
CHANNELS = {"red": "#D55E00", "green": "#009E73", "blue": "#0072B2"}
INK, MUTED, RULE = "#1a1a1a", "#5f6368", "#d0d4d9"
COMPUTED_CMAP = "cividis"

RC = {
    "figure.dpi": 144,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "image.cmap": "gray",
    "image.interpolation": "antialiased",
    "patch.edgecolor": "none",
    "text.parse_math": False,  # a header may hold dollar signs
}
