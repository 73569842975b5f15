"""A program that trains a small retriever, and that kills itself after a step.

python killed_training.py MODEL OUT STEP
"""

import os
import signal
import sys
from pathlib import Path

from retriever_trainings import small_training

from crosearch.training.retriever import train_retriever
from crosearch.training.retriever_settings import TrainingProgress

if __name__ == "__main__":
    model, out, last = sys.argv[1:]

    def die(progress: TrainingProgress) -> None:
        if progress.step == int(last):
            os.kill(os.getpid(), signal.SIGKILL)

    train_retriever(small_training(Path(out), model), show=die)
