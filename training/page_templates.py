"""Templates of pages that show what documents and models said.

Everything is escaped by the templates' own rule, and what is printed passes `plain_text` even
where a template forgets to ask for it: no text of a document or a model reaches a page as it is.
"""

import base64
import hashlib
import math
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from crosearch.tools.languages import Language, describe_language
from crosearch.training.viewer_text import language_tag, plain_text, safe_url, shown_text


def template_environment(*folders: Path) -> Environment:
    """Read templates from folders, the first that has one, with the filters that all pages use."""
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
        auto_reload=False,
    )
    environment.filters.update(
        shown=shown_text,
        safe_url=safe_url,
        language_tag=language_tag,
        language_name=language_name,
        seconds=_seconds,
        number=_number,
    )
    return environment


def style_policy(style: str) -> str:
    """Return the content policy of a page that holds this style, and loads or runs nothing."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def language_name(code: str) -> str:
    """Return a language's English name; the code itself where it is none."""
    try:
        return describe_language(Language(code)).english_name
    except KeyError:
        return code


def _harmless(value: object) -> object:
    return plain_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _seconds(value: float) -> str:
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:,.2f} s"


def _number(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.4g}"
