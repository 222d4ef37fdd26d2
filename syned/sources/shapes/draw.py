"""Draw a scene of the `shapes` world as a picture of 64 x 64 px.

Pillow draws it four times too large, and reduces it then, so that every edge is smooth. Everything
here is a pure function of the scene, and textures have a fixed phase: the picture that
an instruction asks for can be drawn exactly.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

from syned.sources.shapes.world import (
    COLORS,
    SCENE_SIZE_PX,
    SIGN_PLACES,
    Scene,
    Sign,
    Speck,
    Thing,
)

Color = tuple[int, int, int]
Points = list[tuple[float, float]]

OVERSAMPLING = 4
CANVAS_PX = SCENE_SIZE_PX * OVERSAMPLING
SPECK_COLORS: tuple[Color, ...] = ((120, 112, 104), (96, 128, 72), (130, 92, 60))
PAPER: dict[str, Color] = {
    "white paper": (240, 240, 236),
    "pink paper": (246, 200, 208),
    "mint paper": (190, 228, 206),
    "light blue paper": (188, 216, 240),
    "cream paper": (246, 228, 186),
}


def draw_scene(scene: Scene) -> Image.Image:
    """The picture of a scene, RGB, 64 x 64 px."""
    canvas = _background(scene.background).copy()
    pen = ImageDraw.Draw(canvas, "RGBA")
    for speck in scene.specks:
        _draw_speck(pen, speck)
    for thing in scene.things:
        _draw_thing(pen, thing)
    if scene.sign is not None:
        _draw_sign(pen, scene.sign)
    picture = canvas.reduce(OVERSAMPLING)
    return _apply_style(_apply_weather(picture, scene.weather), scene.style)


@lru_cache(maxsize=32)
def _background(name: str) -> Image.Image:
    if name in PAPER:
        return Image.new("RGB", (CANVAS_PX, CANVAS_PX), PAPER[name])
    painters = {
        "a meadow": _meadow,
        "a beach": _beach,
        "the sea": _sea,
        "a brick wall": _bricks,
        "a wooden floor": _planks,
        "a checkered floor": _checks,
        "polka dots": _dots,
        "stripes": _stripes,
    }
    return painters[name]()


def _gradient(top: Color, bottom: Color, height_px: int = CANVAS_PX) -> Image.Image:
    """A vertical gradient as wide as the canvas."""
    share = np.linspace(0, 1, height_px)[:, None]  # (h, 1)
    rows = np.array(top) * (1 - share) + np.array(bottom) * share  # (h, 3)
    pixels = np.repeat(rows[:, None, :], CANVAS_PX, axis=1)
    return Image.fromarray(np.rint(pixels).astype(np.uint8))


def _s(*values: float) -> list[float]:
    """Scene pixels to canvas pixels."""
    return [v * OVERSAMPLING for v in values]


def _meadow() -> Image.Image:
    canvas = _gradient((150, 204, 244), (214, 236, 250))
    pen = ImageDraw.Draw(canvas)
    pen.ellipse(_s(-30, 34, 50, 110), fill=(140, 196, 110))
    pen.ellipse(_s(10, 40, 110, 130), fill=(118, 180, 96))
    return canvas


def _beach() -> Image.Image:
    canvas = _gradient((140, 208, 240), (206, 236, 246))
    canvas.paste(_gradient((66, 160, 196), (110, 196, 210), 40), (0, 88))
    canvas.paste(_gradient((244, 222, 170), (232, 200, 140), 128), (0, 128))
    return canvas


def _sea() -> Image.Image:
    canvas = _gradient((90, 170, 214), (34, 92, 156))
    pen = ImageDraw.Draw(canvas)
    for row in range(8):
        for column in range(-1, 5):
            x, y = column * 16 + (row % 2) * 8, row * 8 + 2
            pen.arc(_s(x, y, x + 10, y + 6), 200, 340, fill=(130, 196, 226), width=4)
    return canvas


def _bricks() -> Image.Image:
    canvas = Image.new("RGB", (CANVAS_PX, CANVAS_PX), (214, 196, 184))
    pen = ImageDraw.Draw(canvas)
    for row in range(8):
        for column in range(-1, 5):
            x, y = column * 16 + (row % 2) * 8, row * 8
            tone = (186, 110, 92) if (row + column) % 3 else (174, 98, 82)
            pen.rectangle(_s(x, y, x + 14.75, y + 6.75), fill=tone)
    return canvas


def _planks() -> Image.Image:
    canvas = Image.new("RGB", (CANVAS_PX, CANVAS_PX), (128, 90, 58))
    pen = ImageDraw.Draw(canvas)
    tones = ((196, 150, 104), (184, 138, 92), (206, 162, 116), (190, 144, 100))
    for column in range(4):
        x = column * 16
        pen.rectangle(_s(x, 0, x + 14.75, 64), fill=tones[column])
        joint = (20, 44, 12, 52)[column]
        pen.rectangle(_s(x, joint, x + 14.75, joint + 1), fill=(128, 90, 58))
    return canvas


def _checks() -> Image.Image:
    canvas = Image.new("RGB", (CANVAS_PX, CANVAS_PX), (232, 226, 216))
    pen = ImageDraw.Draw(canvas)
    for row in range(4):
        for column in range(row % 2, 4, 2):
            x, y = column * 16, row * 16
            pen.rectangle(_s(x, y, x + 15.75, y + 15.75), fill=(176, 186, 196))
    return canvas


def _dots() -> Image.Image:
    canvas = Image.new("RGB", (CANVAS_PX, CANVAS_PX), (250, 236, 222))
    pen = ImageDraw.Draw(canvas)
    for row in range(8):
        for column in range(-1, 5):
            x, y = column * 16 + (row % 2) * 8 + 4, row * 8 + 4
            pen.ellipse(_s(x - 2, y - 2, x + 2, y + 2), fill=(240, 178, 168))
    return canvas


def _stripes() -> Image.Image:
    canvas = Image.new("RGB", (CANVAS_PX, CANVAS_PX), (238, 236, 246))
    pen = ImageDraw.Draw(canvas)
    for column in range(8):
        pen.rectangle(_s(column * 8, 0, column * 8 + 3.75, 64), fill=(196, 200, 228))
    return canvas


def _draw_speck(pen: ImageDraw.ImageDraw, speck: Speck) -> None:
    x, y = speck.x, speck.y
    color = (*SPECK_COLORS[speck.kind], 190)
    if speck.kind == 0:
        pen.ellipse(_s(x - 1.2, y - 0.9, x + 1.2, y + 0.9), fill=color)
    elif speck.kind == 1:
        pen.ellipse(_s(x - 0.8, y - 1.6, x + 0.8, y + 1.6), fill=color)
    else:
        pen.line(_s(x - 1.6, y + 0.8, x + 1.6, y - 0.8), fill=color, width=4)


def _draw_thing(pen: ImageDraw.ImageDraw, thing: Thing) -> None:
    """A soft shadow, a dark rim, the body, and a lighter spot where light falls."""
    fill = COLORS[thing.color]
    rim = tuple(int(c * 0.62) for c in fill)
    light = tuple(int(c + (255 - c) * 0.35) for c in fill)
    r = thing.radius_px
    pen.polygon(_outline(thing.shape, thing.x + 0.9, thing.y + 1.3, r), fill=(20, 20, 40, 70))
    pen.polygon(_outline(thing.shape, thing.x, thing.y, r), fill=rim)
    pen.polygon(_outline(thing.shape, thing.x, thing.y, r - 1.1), fill=fill)
    spot = _outline(thing.shape, thing.x - 0.12 * r, thing.y - 0.14 * r, r * 0.5)
    pen.polygon(spot, fill=light)


def _outline(shape: str, x: float, y: float, radius: float) -> Points:
    """Corners of a shape around (x, y), in canvas pixels; curves as 60 short lines."""
    return [(_s(x + px * radius)[0], _s(y + py * radius)[0]) for px, py in _unit_outline(shape)]


@lru_cache(maxsize=16)
def _unit_outline(shape: str) -> Points:
    """Corners of a shape that fills the square from -1 to 1."""
    turn = [2 * math.pi * i / 60 for i in range(60)]
    if shape == "circle":
        return [(math.cos(a), math.sin(a)) for a in turn]
    if shape == "square":
        return [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)]
    if shape == "triangle":
        return [(0, -1), (1, 0.82), (-1, 0.82)]
    if shape == "diamond":
        return [(0, -1), (0.8, 0), (0, 1), (-0.8, 0)]
    if shape == "cross":
        a = 0.36
        return [(-a, -1), (a, -1), (a, -a), (1, -a), (1, a), (a, a), (a, 1), (-a, 1), (-a, a),
                (-1, a), (-1, -a), (-a, -a)]  # fmt: skip
    if shape == "star":
        points = []
        for i in range(10):
            length, angle = (1.06 if i % 2 == 0 else 0.46), math.pi * (i / 5 - 0.5)
            points.append((length * math.cos(angle), length * math.sin(angle) + 0.06))
        return points
    if shape == "heart":
        return [(math.sin(a) ** 3, 0.08 - _heart_height(a) / 15.5) for a in turn]
    if shape == "moon":
        outer = [math.radians(50 + 260 * i / 40) for i in range(41)]
        inner = [math.radians(285 - 210 * i / 40) for i in range(41)]
        arc = [(math.cos(a) + 0.15, math.sin(a)) for a in outer]
        return arc + [(0.62 + 0.80 * math.cos(a), 0.80 * math.sin(a)) for a in inner]
    raise KeyError(shape)


def _heart_height(angle: float) -> float:
    """The well-known heart curve, between -17 and 12."""
    return 13 * math.cos(angle) - sum(
        weight * math.cos(i * angle) for i, weight in ((2, 5), (3, 2), (4, 1))
    )


@lru_cache(maxsize=4)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)


def _draw_sign(pen: ImageDraw.ImageDraw, sign: Sign) -> None:
    y = SIGN_PLACES[sign.place]
    pen.rounded_rectangle(_s(9.9, y - 5.2, 55.9, y + 8.2), radius=10, fill=(20, 20, 40, 70))
    pen.rounded_rectangle(_s(9, y - 6.5, 55, y + 6.5), radius=10, fill=(60, 64, 76))
    pen.rounded_rectangle(_s(10.2, y - 5.3, 53.8, y + 5.3), radius=6, fill=(252, 250, 240))
    spacing = 34.0 / len(sign.word)
    start = 32 - spacing * (len(sign.word) - 1) / 2
    for i, letter in enumerate(sign.word):
        x_px, y_px = _s(start + i * spacing, y)
        pen.text(
            (x_px, y_px),
            letter,
            fill=(30, 34, 46),
            font=_font(44),
            anchor="mm",
            stroke_width=2,
            stroke_fill=(30, 34, 46),
        )


def _apply_weather(picture: Image.Image, weather: str) -> Image.Image:
    if weather == "night":
        dark = ImageChops.multiply(picture, Image.new("RGB", picture.size, (92, 104, 168)))
        return ImageChops.lighter(dark, _stars())
    if weather == "fog":
        return Image.blend(picture, Image.new("RGB", picture.size, (216, 220, 224)), 0.6)
    if weather == "sunset":
        return ImageChops.multiply(picture, _sunset_light())
    if weather == "snow":
        return Image.composite(Image.new("RGB", picture.size, (255, 255, 255)), picture, _flakes())
    return picture


@lru_cache(maxsize=1)
def _sunset_light() -> Image.Image:
    return _gradient((255, 150, 110), (255, 206, 130)).reduce(OVERSAMPLING)


_STARS_PX = (
    (6, 5), (22, 22), (42, 4), (58, 22), (23, 42), (42, 23), (5, 42), (58, 44), (41, 60),
)  # fmt: skip


@lru_cache(maxsize=1)
def _stars() -> Image.Image:
    canvas = Image.new("RGB", (CANVAS_PX, CANVAS_PX))
    pen = ImageDraw.Draw(canvas)
    for x, y in _STARS_PX:
        pen.ellipse(_s(x - 1, y - 1, x + 1, y + 1), fill=(250, 244, 190))
    return canvas.reduce(OVERSAMPLING)


@lru_cache(maxsize=1)
def _flakes() -> Image.Image:
    canvas = Image.new("L", (CANVAS_PX, CANVAS_PX))
    pen = ImageDraw.Draw(canvas)
    for row in range(8):
        for column in range(8):
            x, y = column * 8 + 2 + (row % 2) * 4, row * 8 + 3 + (column % 2) * 3
            r = 1.5 if (row + 2 * column) % 3 else 1.1
            pen.ellipse(_s(x - r, y - r, x + r, y + r), fill=235)
    return canvas.reduce(OVERSAMPLING)


def _apply_style(picture: Image.Image, style: str) -> Image.Image:
    if style == "grayscale":
        return picture.convert("L").convert("RGB")
    if style == "sepia":
        return ImageOps.colorize(picture.convert("L"), (48, 30, 16), (255, 240, 206))
    if style == "blur":
        return picture.filter(ImageFilter.GaussianBlur(2.2))
    if style == "pixelate":
        small = picture.reduce(8)
        return small.resize(picture.size, Image.Resampling.NEAREST)
    if style == "negative":
        return ImageOps.invert(picture)
    if style == "sketch":
        return _sketch(picture)
    return picture


def _sketch(picture: Image.Image) -> Image.Image:
    """Dark lines on paper where brightness changes."""
    gray: NDArray[np.float32] = np.asarray(picture.convert("L"), dtype=np.float32)
    down, right = np.gradient(gray)
    ink = np.clip(np.hypot(down, right) / 36.0, 0, 1)[..., None]  # (h, w, 1)
    pixels = (1 - ink) * np.array((250, 248, 242)) + ink * np.array((58, 58, 66))
    return Image.fromarray(np.rint(pixels).astype(np.uint8))
