"""Digital pathology: whole-slide images and stains."""
