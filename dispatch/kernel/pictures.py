"""A picture from outside is drawn anew: only its pixels stay, no place, no device, no hidden part."""

from io import BytesIO

from PIL import Image, ImageOps

# A page scanned at 600 dpi has 34 million pixels; more would only fill the memory.
MOST_PIXELS = 40_000_000
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG"}


class PictureUnreadable(Exception):
    """The bytes are no picture of that kind, are cut short, or hold too many pixels."""


def drawn_anew(content: bytes, media_type: str) -> bytes:
    """Return the picture's pixels in a file of their own, turned as the camera meant it.

    Raises
    ------
    PictureUnreadable
        See there.
    """
    kind = FORMATS[media_type]
    try:
        with Image.open(BytesIO(content), formats=[kind]) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise PictureUnreadable("too many pixels")
            upright = ImageOps.exif_transpose(opened)
            picture = upright.convert("RGB" if kind == "JPEG" or upright.mode == "CMYK" else "RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as wrong:
        raise PictureUnreadable(type(wrong).__name__) from None
    made = BytesIO()
    # A fresh canvas: what the file said of itself stays behind.
    canvas = Image.new(picture.mode, picture.size)
    canvas.paste(picture)
    canvas.save(made, format=kind, **({"quality": 88} if kind == "JPEG" else {"optimize": False}))
    return made.getvalue()
