"""Files that are whole or absent, and locks that the dead do not hold."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inpaintlib import files


def test_a_failed_write_leaves_the_earlier_file_and_nothing_else(tmp_path):
    path = tmp_path / "deep" / "x.txt"
    files.write_text(path, "first")

    def fail_halfway():
        with files.atomic_path(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]


HALF = """
import sys, time
from inpaintlib.files import atomic_path
with atomic_path(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print(temporary, flush=True)
    time.sleep(60)
"""


def test_the_next_write_removes_what_the_dead_left_and_nothing_of_the_living(tmp_path):
    path = tmp_path / "x[1].txt"
    options = {"stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([sys.executable, "-c", HALF, str(path)], **options) for _ in range(2)]
    left = [Path(writer.stdout.readline().strip()) for writer in writers]
    writers[0].kill()
    writers[0].wait()
    files.write_text(path, "whole")
    assert [half.exists() for half in left] == [False, True]
    writers[1].kill()
    writers[1].wait()
    files.write_text(path, "again")
    assert [*tmp_path.iterdir()] == [path]
    assert path.read_text() == "again"
    for writer in writers:
        writer.stdout.close()


def test_a_temporary_file_that_was_taken_before_it_was_locked_is_made_anew(tmp_path, monkeypatch):
    lock, taken = fcntl.flock, []

    def late(handle, kind):
        if not taken:
            taken.extend(tmp_path.iterdir())
            taken[0].unlink()
        lock(handle, kind)

    monkeypatch.setattr(files.fcntl, "flock", late)
    files.write_text(tmp_path / "x.txt", "whole")
    assert [*tmp_path.iterdir()] == [tmp_path / "x.txt"]
    assert taken[0] != tmp_path / "x.txt"


def test_json_comes_back_and_what_is_no_number_is_refused(tmp_path):
    files.write_json(tmp_path / "a.json", {"é": [1, 2.5]})
    assert files.read_json(tmp_path / "a.json") == {"é": [1, 2.5]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "a.json", {"x": float("nan")})
    assert files.read_json(tmp_path / "a.json") == {"é": [1, 2.5]}


def test_checksums_tell_values_shapes_and_types_apart():
    a = np.arange(6)
    sums = {files.checksum_arrays(x) for x in (a, a.reshape(2, 3), a.astype(np.int32), a[::-1])}
    assert len(sums) == 4
    assert files.checksum_arrays(a[::-1]) == files.checksum_arrays(a[::-1].copy())


HOLD = """
import sys, time
from inpaintlib.files import exclusive
with exclusive(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_holds_no_lock(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with files.exclusive(tmp_path / "lock"):
        pass
