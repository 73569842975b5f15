"""A program that trains a tiny policy, and that kills itself after a step.

python killed_tiny.py OUT STEP
"""

import os
import signal
import sys
from pathlib import Path

import torch
from tiny_trainings import small_training

from crosearch.training.tiny import train_tiny
from crosearch.training.tiny_settings import TinyProgress

if __name__ == "__main__":
    out, last = sys.argv[1:]
    torch.set_num_threads(1)

    def die(progress: TinyProgress) -> None:
        if progress["step"] == int(last):
            os.kill(os.getpid(), signal.SIGKILL)

    train_tiny(small_training(Path(out)), show=die)
