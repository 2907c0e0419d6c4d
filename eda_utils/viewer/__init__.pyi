"""Widgets that show images and slides, and their JavaScript."""

from .explorer import explore as explore
from .gallery import Gallery as Gallery, image_gallery as image_gallery
from .html import image_html as image_html, script as script
from .image_widget import view_image as view_image
from .slide_widget import view_slide as view_slide
