#!/usr/bin/env python3
"""Makes decode.json: small picture files of every kind, and what Pillow's convert("RGB") gives for
them, as open_clip's and CLIP_benchmark's readers do; for JPEGs also what its draft mode gives.

    python3 -m venv venv && venv/bin/pip install pillow==12.3.0 numpy==2.4.6
    venv/bin/python tests/data/goldens/make_decode_goldens.py

Pillow writes no PNG of 16 bits a channel, with colour keys or of few bits, so those are written here.
A change of the golden file needs a reason in its commit.
"""

import base64
import io
import json
import platform
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageCms

WIDTH, HEIGHT = 37, 27


def waves(channels: int, top: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Smooth colours with an edge: [height, width, channels], 0 to top."""
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for c in range(channels):
        wave = 0.5 + 0.3 * np.sin(x / (4 + c) + c) * np.cos(y / (5 - c % 3)) + 0.2 * (x > 20 - c)
        planes.append(np.clip(wave, 0, 1) * top)
    return np.stack(planes, axis=-1).round().astype(np.uint16)


def bytes_of(image: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png(samples: np.ndarray, bits: int, colour: int, chunks: list[tuple[bytes, bytes]] = ()) -> bytes:
    """A PNG of [height, width, channels] samples; chunks stand in front of the pixels."""
    height, width, channels = samples.shape
    rows = b""
    for row in samples.reshape(height, width * channels):
        if bits == 16:
            packed = row.astype(">u2").tobytes()
        elif bits == 8:
            packed = row.astype(np.uint8).tobytes()
        else:
            text = "".join(format(int(value), f"0{bits}b") for value in row)
            text += "0" * (-len(text) % 8)
            packed = bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))
        rows += b"\0" + packed

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def profile() -> bytes:
    """A colour profile in which red and green have changed places."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = struct.unpack(">I", data[128:132])[0]
    table = data[132:132 + 12 * count]
    table = table.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    # The day of making would change the golden.
    return data[:24] + b"\0" * 12 + data[36:132] + table + data[132 + 12 * count:]


GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def files():
    rgb = Image.fromarray(waves(3, 255).astype(np.uint8))
    grey = Image.fromarray(waves(1, 255)[:, :, 0].astype(np.uint8))
    inks = Image.fromarray(waves(4, 255).astype(np.uint8), "CMYK")
    turned = Image.Exif()
    turned[0x0112] = 6
    yield "jpeg-444", bytes_of(rgb, "JPEG", quality=90, subsampling=0)
    yield "jpeg-420", bytes_of(rgb, "JPEG", quality=90, subsampling=2)
    yield "jpeg-progressive", bytes_of(rgb, "JPEG", quality=85, subsampling=2, progressive=True)
    yield "jpeg-rgb", bytes_of(rgb, "JPEG", quality=90, keep_rgb=True)
    yield "jpeg-grey", bytes_of(grey, "JPEG", quality=90)
    yield "jpeg-turned", bytes_of(rgb, "JPEG", quality=90, subsampling=0, exif=turned)
    yield "jpeg-cmyk", bytes_of(inks, "JPEG", quality=95, subsampling=0)
    yield "jpeg-profile", bytes_of(rgb, "JPEG", quality=90, subsampling=0, icc_profile=profile())
    yield "png-profile", bytes_of(rgb, "PNG", icc_profile=profile())
    yield "png-grey-1", png(waves(1, 1), 1, GREY)
    yield "png-grey-2", png(waves(1, 3), 2, GREY)
    yield "png-grey-4", png(waves(1, 15), 4, GREY)
    yield "png-grey-8", png(waves(1, 255), 8, GREY)
    yield "png-grey-16", png(waves(1, 65535), 16, GREY)
    yield "png-rgb-8", png(waves(3, 255), 8, RGB)
    yield "png-rgb-16", png(waves(3, 65535), 16, RGB)
    yield "png-gamma", png(waves(3, 255), 8, RGB, [(b"gAMA", struct.pack(">I", 100000))])
    yield "png-turned", bytes_of(rgb, "PNG", exif=turned)
    colours = bytes((i * 37 + c * 91) % 256 for i in range(16) for c in range(3))
    palette = (b"PLTE", colours)
    yield "png-palette-1", png(waves(1, 1), 1, PALETTE, [(b"PLTE", colours[:6])])
    yield "png-palette-4", png(waves(1, 15), 4, PALETTE, [palette])
    yield "png-palette-8", png(waves(1, 15), 8, PALETTE, [palette])
    shades = (b"tRNS", bytes([0, 60, 255, 128]))
    yield "png-palette-clear", png(waves(1, 15), 4, PALETTE, [palette, shades])
    yield "png-grey-key", png(waves(1, 15), 8, GREY, [(b"tRNS", struct.pack(">H", 9))])
    flat = np.where(waves(3, 255) > 120, 200, 40).astype(np.uint16)
    yield "png-rgb-key", png(flat, 8, RGB, [(b"tRNS", struct.pack(">HHH", 200, 200, 200))])
    yield "png-grey-alpha", png(waves(2, 255), 8, GREY_ALPHA)
    yield "png-rgba-8", png(waves(4, 255), 8, RGBA)
    yield "png-rgba-16", png(waves(4, 65535), 16, RGBA)
    yield "webp-lossless", bytes_of(rgb, "WEBP", lossless=True)
    yield "webp-lossy", bytes_of(rgb, "WEBP", quality=90)
    clear = Image.fromarray(waves(4, 255).astype(np.uint8), "RGBA")
    yield "webp-alpha", bytes_of(clear, "WEBP", lossless=True, exact=True)
    second = Image.new("RGB", rgb.size, (255, 0, 0))
    yield "webp-moving", bytes_of(rgb, "WEBP", lossless=True, save_all=True, append_images=[second])


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def case(name: str, data: bytes) -> dict:
    image = Image.open(io.BytesIO(data))
    mode = image.mode
    size = list(image.size)
    seen = np.asarray(image.convert("RGB"))
    found = {"name": name, "mode": mode, "size": size, "file": base64_of(data),
             "rgb": base64_of(seen.tobytes())}
    raw = Image.open(io.BytesIO(data))
    if mode in ("RGBA", "LA") or "transparency" in raw.info:
        # What shows on white paper: the alpha as Pillow reads it.
        found["rgba"] = base64_of(np.asarray(raw.convert("RGBA")).tobytes())
    if mode == "I;16":
        # What the upper byte says; convert("RGB") cuts off at 255.
        found["high"] = base64_of((np.asarray(image) >> 8).astype(np.uint8).tobytes())
    return found


def scaled() -> list[dict]:
    """Whole multiples of 8, so that no edge is cut, and sides that are not."""
    cases = []
    for width, height, subsampling, mode in ((96, 64, 0, "RGB"), (96, 64, 2, "RGB"), (93, 61, 2, "RGB"),
                                             (96, 64, 0, "L")):
        pixels = waves(3 if mode == "RGB" else 1, 255, width, height).astype(np.uint8)
        image = Image.fromarray(pixels if mode == "RGB" else pixels[:, :, 0])
        data = bytes_of(image, "JPEG", quality=90, subsampling=subsampling)
        for shrink in (2, 4, 8):
            draft = Image.open(io.BytesIO(data))
            draft.draft(mode, (width // shrink, height // shrink))
            assert draft.size == (-(-width // shrink), -(-height // shrink)), draft.size
            cases.append({
                "name": f"{width} x {height} {mode} {subsampling}", "shrink": shrink,
                "file": base64_of(data), "size": list(draft.size), "channels": len(draft.getbands()),
                "pixels": base64_of(np.asarray(draft).tobytes()),
            })
    return cases


def main() -> None:
    golden = {
        "versions": {"python": platform.python_version(), "pillow": PIL.__version__},
        "files": [case(name, data) for name, data in files()],
        "scaled": scaled(),
    }
    path = Path(__file__).with_name("decode.json")
    path.write_text(json.dumps(golden, indent=1) + "\n")
    print(f"{path.name}: {len(golden['files'])} files, {len(golden['scaled'])} scaled")


if __name__ == "__main__":
    main()
