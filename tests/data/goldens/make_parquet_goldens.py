"""Small Parquet files, written by pyarrow 18.1.0: python make_parquet_goldens.py > parquet.json"""

import base64
import io
import json
import struct
import zlib

import pyarrow as pa
import pyarrow.parquet as pq


def png(value):
    """A gray PNG of 4 x 4 pixels."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + bytes([value] * 4) for _ in range(4))
    head = struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def parquet(table, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return base64.b64encode(out.getvalue()).decode()


captions = ["a red cat", "two\n boats", "  ", None, "ein Haus \u00fc"]
pictures = [png(i * 20) for i in range(4)] + [b"no picture"]
hf = pa.table(
    {
        "image": [{"bytes": p, "path": f"{i}.png"} for i, p in enumerate(pictures)],
        "text": captions,
        "score": [0.5] * 5,
    }
)
plain = pa.table({"jpg": pa.array(pictures, pa.binary()), "caption": captions})
paths = pa.table({"file_name": ["a.png", "missing.png", ""], "caption": ["one", "two", "three"]})
urls = pa.table({"image": ["https://example.org/a.png"], "caption": ["one"]})
print(
    json.dumps(
        {
            "huggingFace": parquet(hf, compression="snappy", row_group_size=2),
            "zstd": parquet(plain, compression="zstd"),
            "gzip": parquet(plain, compression="gzip", use_dictionary=False, data_page_version="2.0"),
            "paths": parquet(paths, compression="none"),
            "urls": parquet(urls),
            "empty": parquet(plain.slice(0, 0)),
            "other": parquet(pa.table({"a": [1], "b": ["x"]})),
        },
        indent=1,
    )
)
