"""Policies as graphs, with whatever is said while they are made."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import IO

import torch
from torch import nn

from entrepot.training.export import to_onnx


@contextmanager
def _into(file: IO[bytes]) -> Iterator[None]:
    """Whatever is printed or logged as a warning, by whichever language, goes into a file."""
    kept = [os.dup(number) for number in (1, 2)]
    log = logging.FileHandler(file.name)
    log.setLevel(logging.WARNING)
    logging.getLogger().addHandler(log)
    try:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
        with open(file.name, "a") as stream, redirect_stdout(stream), redirect_stderr(stream):
            yield
    finally:
        for number, before in zip((1, 2), kept, strict=True):
            os.dup2(before, number)
            os.close(before)
        logging.getLogger().removeHandler(log)
        log.close()


def graph_of_one_in_training(policy: nn.Module) -> tuple[bytes, bytes]:
    """The graph, and what was printed, logged, or done to the policy while it was made: nothing, if all is well."""
    before = [parameter.detach().clone() for parameter in policy.train().parameters()]
    with tempfile.NamedTemporaryFile("ab") as file:
        with _into(file):
            graph = to_onnx(policy)
        with open(file.name, "rb") as stream:
            said = stream.read()
    if not policy.training:
        said += b"the policy is not in training any more"
    if not all(map(torch.equal, before, policy.parameters())):
        said += b"the policy is not what it was"
    return graph, said
