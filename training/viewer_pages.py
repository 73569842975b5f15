"""The viewer's pages: templates filled with what the views lay out."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from crosearch.training.page_templates import style_policy, template_environment
from crosearch.training.trajectories import Trajectory
from crosearch.training.viewer_groups import view_group
from crosearch.training.viewer_list import ListPage
from crosearch.training.viewer_runs import Piece, view_run
from crosearch.training.viewer_tokens import Decoder, view_tokens

DATA = Path(__file__).parent / "data" / "viewer"
"""The templates, and what the pages load."""

_PROMINENT = 4
"""New entries of a turn that are shown unfolded; those that are cited come beside."""


class Pages:
    """Makes the pages that the viewer serves."""

    def __init__(self, log: str, decoder: Decoder | None = None) -> None:
        """Set what is the same on every page.

        Args:
            log: What names the log.
            decoder: Tells the tokens' texts; without one they are shown as ids.
        """
        self._log = log
        self._decoder = decoder

    def list(self, page: ListPage, notice: str = "") -> str:
        """Make a page of the list."""
        return self._render("list.html", page=page, filters=page.filters, notice=notice)

    def run(
        self,
        record: Trajectory,
        *,
        attempts: Sequence[int] = (),
        forks: Sequence[str] = (),
        notice: str = "",
    ) -> str:
        """Make a run's page.

        Args:
            record: The run.
            attempts: All attempts of it that the log holds.
            forks: The keys of the runs that were forked from it.
            notice: What is told above.
        """
        return self._render(
            "run.html",
            run=view_run(record),
            attempts=attempts,
            attempt_query=_attempt_query(record, attempts),
            forks=forks,
            segments=(),
            decoded=False,
            notice=notice,
        )

    def tokens(self, record: Trajectory, *, attempts: Sequence[int] = (), notice: str = "") -> str:
        """Make the page of a run's tokens."""
        segments = view_tokens(record, self._decoder)
        return self._render(
            "tokens.html",
            run=view_run(record),
            attempt_query=_attempt_query(record, attempts),
            segments=segments,
            decoded=self._decoder is not None,
            total=sum(len(segment.tokens) for segment in segments),
            trained=sum(len(segment.tokens) for segment in segments if segment.trained),
            notice=notice,
        )

    def group(self, records: Sequence[Trajectory], *, left_out: int = 0, notice: str = "") -> str:
        """Make the page of a question's runs side by side."""
        return self._render(
            "group.html", group=view_group(records, left_out=left_out), notice=notice
        )

    def error(self, title: str, message: str) -> str:
        """Make the page that says what is wrong."""
        return self._render("error.html", title=title, message=message, notice="")

    def _render(self, template: str, **values: object) -> str:
        return _environment().get_template(template).render(served=True, log=self._log, **values)


def whole_run_page(record: Trajectory, decoder: Decoder | None = None) -> str:
    """Make a page of a run that needs nothing beside it: a file to keep or to send."""
    segments = view_tokens(record, decoder)
    return _render_whole(
        "run.html",
        run=view_run(record),
        attempts=(),
        attempt_query="",
        forks=(),
        segments=segments if any(segment.tokens for segment in segments) else (),
        decoded=decoder is not None,
    )


def whole_group_page(records: Sequence[Trajectory], *, left_out: int = 0) -> str:
    """Make a page of a question's runs that needs nothing beside it."""
    return _render_whole("group.html", group=view_group(records, left_out=left_out))


def _render_whole(template: str, **values: object) -> str:
    style = (DATA / "viewer.css").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template(template)
        .render(
            served=False,
            log="",
            notice="",
            policy=style_policy(style),
            style=Markup(style),
            **values,
        )
    )


def _attempt_query(record: Trajectory, attempts: Sequence[int]) -> str:
    return f"?attempt={record['attempt']}" if attempts and record["attempt"] < attempts[-1] else ""


@cache
def _environment() -> Environment:
    environment = template_environment(DATA)
    environment.filters["prominent"] = _prominent
    return environment


def _prominent(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Split a turn's new entries into those to show and those to fold away."""
    if len(pieces) <= _PROMINENT + 2:
        return list(pieces), []
    shown = [piece for place, piece in enumerate(pieces) if place < _PROMINENT or piece.cited]
    return shown, [piece for piece in pieces if piece not in shown]
