"""A stream of random numbers for every source of a scenario, by the source's name."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from entrepot.envs.demand import Split

WORDS = 4
"""Of 32 bits of a name's digest in its key: no two names will share them."""


@dataclass(frozen=True)
class Streams:
    """The streams of one draw. What a stream gives hangs on seed, split and name alone, not on what else is drawn."""

    seed: int
    split: Split

    def of(self, name: str) -> np.random.Generator:
        """A source's own stream, from its beginning: the draw's `SeedSequence` with the name's digest as spawn key."""
        digest = blake2b(name.encode(), digest_size=4 * WORDS).digest()
        key = tuple(int.from_bytes(digest[4 * word : 4 * word + 4], "little") for word in range(WORDS))
        entropy = [self.seed, list(Split).index(self.split)]
        return np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=key))
