"""A folder with templates and assets: how pages are rendered, and what an asset is called."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from local_digital.site.pages.charts import swatches

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class PageFolder:
    """folder: holds `templates/` and `assets/`. words: what every template may use beside its own facts and `asset`.

    The swatches of the charts' keys are among the assets of every folder.
    """

    folder: Path
    words: dict[str, Any]

    @cached_property
    def assets(self) -> dict[str, bytes]:
        """The content of each asset, by its plain name."""
        own = {path.name: path.read_bytes() for path in sorted((self.folder / "assets").iterdir()) if path.is_file()}
        return own | swatches()

    def asset(self, name: str) -> str:
        """Return the path of an asset; its name holds a digest of what it is."""
        stem, _, ending = name.rpartition(".")
        return f"assets/{stem}-{hashlib.sha256(self.assets[name]).hexdigest()[:12]}.{ending}"

    def render(self, template: str, **facts: Any) -> str:
        """Return a page; a fact that a template misses is an error, and every text is escaped."""
        return self._environment.get_template(template).render(**facts)

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self.folder / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals |= {"asset": self.asset, **self.words}
        return environment
