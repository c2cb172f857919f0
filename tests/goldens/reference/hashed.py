"""Numbers that Python and TypeScript make alike, so that goldens need not store inputs.

A tensor's stream is named; its seed is FNV-1a of the name. Word i of a stream is the 32-bit
finaliser of MurmurHash3 applied to seed + i * 0x9e3779b9. The top 24 bits over 2^24 are a number
in [0, 1) that float32 holds exactly. `hashed.ts` is the twin of this file.
"""

import numpy as np

MASK = np.uint64(0xFFFFFFFF)


def seed_of(name: str) -> int:
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    return seed


def words(name: str, count: int) -> np.ndarray:
    """The first `count` words of a stream, as uint64 below 2^32."""
    index = np.arange(count, dtype=np.uint64)
    a = (np.uint64(seed_of(name)) + index * np.uint64(0x9E3779B9)) & MASK
    a = ((a ^ (a >> np.uint64(16))) * np.uint64(0x85EBCA6B)) & MASK
    a = ((a ^ (a >> np.uint64(13))) * np.uint64(0xC2B2AE35)) & MASK
    return a ^ (a >> np.uint64(16))


def unit(name: str, count: int) -> np.ndarray:
    """Numbers in [0, 1), multiples of 2^-24."""
    return (words(name, count) >> np.uint64(8)).astype(np.float64) / 2**24


def floats(name: str, count: int, low: float, high: float) -> np.ndarray:
    """float32 numbers in [low, high)."""
    return (low + (high - low) * unit(name, count)).astype(np.float32)


def integers(name: str, count: int, low: int, high: int) -> np.ndarray:
    """Whole numbers low .. high - 1."""
    return (low + np.floor((high - low) * unit(name, count))).astype(np.int64)


def kept_patches(name: str, batch: int, kept: int, patches: int) -> np.ndarray:
    """For every sample `kept` different patches: those with the smallest words, in that order."""
    order = np.argsort(words(name, batch * patches).reshape(batch, patches), axis=1, kind="stable")
    return order[:, :kept].astype(np.int64)


def positions(name: str, count: int, size: int) -> np.ndarray:
    """Positions at which a large tensor is compared."""
    return (words(name + "#positions", count) % np.uint64(size)).astype(np.int64)


def signs(name: str, probe: int, size: int) -> np.ndarray:
    """+1 or -1 for every element: a random projection that notices any wrong element."""
    return 1.0 - 2.0 * (words(f"{name}#probe{probe}", size) & np.uint64(1)).astype(np.float64)
