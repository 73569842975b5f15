"""The `crosearch` script: runs a command, and turns what ends it into a line and an exit code.

Exit codes: 0 done, 1 something failed, 2 asked for what cannot be, 130 interrupted.
"""

import gc
import os
import sys
from typing import NoReturn

INTERRUPTED = 130

_ALLOCATIONS = 50_000
"""New objects after which garbage is looked for; Python's own figure is 700."""


def app() -> None:
    """Run the command that the process was started with."""
    # Modules are many objects that stay: to look for garbage among them takes a tenth of the time
    # to a first answer.
    gc.set_threshold(_ALLOCATIONS)
    # Searches run side by side, in threads of their own: those of numpy's products, which are small
    # here, would wait for each other, and turn meanwhile.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if not sys.stderr.isatty():
        # The libraries that load models draw their progress bars into files and pipes, too.
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        # Imported here, so that an interrupt while it loads ends as any other.
        from crosearch.cli.commands import commands

        commands(prog_name="crosearch")
    except KeyboardInterrupt:
        sys.stderr.write("\ncrosearch: interrupted\n")
        leave()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            leave()
        raise


def leave() -> NoReturn:
    """End the process after an interrupt, without waiting for threads that still work.

    Only a command that holds nothing half-written may be left like this.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    app()
