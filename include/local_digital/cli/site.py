"""The commands for the open data and the pages."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from local_digital import settings as installation
from local_digital.cli.app import Json, app, open_workspace
from local_digital.cli.printing import out, say
from local_digital.errors import ConfigurationError


@app.command(rich_help_panel="Releasing figures")
def site(
    force: Annotated[bool, typer.Option("--force", help="Build even where nothing has changed.")] = False,
    as_json: Json = False,
) -> None:
    """Build the open data and the pages where LOCAL_DIGITAL_SITE says, if anything has changed."""
    from local_digital.site.build import build  # noqa: PLC0415 - keeps --help quick

    with open_workspace() as workspace:
        report = build(workspace, force=force)
    words = f"{report.where}: nothing has changed."
    if report.reasons:
        words = (
            f"{report.where}: {report.files} files, {report.written} of them new or changed, {report.removed} removed "
            f"({'; '.join(report.reasons)})."
        )
    say(as_json, report.as_json(), words)


@app.command("serve-site", rich_help_panel="Releasing figures")
def serve_site(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
) -> None:
    """Show the site on this machine only, at 127.0.0.1, until Ctrl-C. For the public use a web server."""
    from local_digital.site.serving import serving  # noqa: PLC0415
    from local_digital.site.sink import Folder, is_local, sink  # noqa: PLC0415

    target = installation.from_environment().site
    if not is_local(target):
        raise ConfigurationError(
            "LOCAL_DIGITAL_SITE", expected="a folder of this machine", found="a URL of another place",
            action="Look at the site there: its web server or the object store shows it.",
        )  # fmt: skip
    place = sink(target)
    if not isinstance(place, Folder) or not place.place.is_dir():
        raise ConfigurationError(
            "LOCAL_DIGITAL_SITE", expected="a folder with the site", found="no such folder",
            action="Run `local-digital site` first.",
        )  # fmt: skip
    try:
        with serving(place.place, port) as address:
            out.print(f"The site is at {address}", highlight=False)
            threading.Event().wait()
    except KeyboardInterrupt:
        return
    except OSError as error:
        raise ConfigurationError(
            "--port", expected="a free port", found=f"{port} cannot be taken", action="Name another one, or 0.",
        ) from error  # fmt: skip
