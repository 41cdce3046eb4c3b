import tempfile

import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.training.trainers.cluster import refuse_long_temporary_folder


def test_a_temporary_folder_that_is_too_long_for_sockets_is_refused_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    refuse_long_temporary_folder()
    monkeypatch.setattr(tempfile, "tempdir", "/tmp/" + "x" * 90)
    with pytest.raises(ConfigurationError, match=r"TMPDIR: .* shorter folder"):
        refuse_long_temporary_folder()
