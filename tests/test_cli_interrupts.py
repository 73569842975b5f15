"""An interrupt that Python swallowed is raised where it can be."""

import signal

import pytest

from crosearch.cli.interrupts import remembering_interrupts


def test_a_swallowed_interrupt_is_raised_again() -> None:
    with remembering_interrupts() as raise_swallowed:
        raise_swallowed()
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            pass  # as a finaliser does
        with pytest.raises(KeyboardInterrupt):
            raise_swallowed()


def test_the_handler_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with remembering_interrupts():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
