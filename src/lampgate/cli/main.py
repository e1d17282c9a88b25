"""``lampgate``: the entry point, and what every command has in common.

Each command's module is imported only when that command runs, so that ``lampgate serve`` starts without the lab.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lampgate import __version__
from lampgate.errors import LampgateError

#: What a shell or a supervisor gets to see. 2 is the command line's own (typer, as every Unix tool).
EXIT_FAILED = 1

app = typer.Typer(
    name="lampgate",
    help="An identity-aware gateway: Kubernetes dashboards behind Microsoft Entra ID, with each person's own token.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
lab_app = typer.Typer(
    help="The whole scenario on this machine: Entra, AKS, a dashboard and the gateway.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
app.add_typer(lab_app, name="lab")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lampgate {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None: ...


@app.command()
def serve(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            help="Configuration: lampgate.yaml; oauth2-proxy's Helm values, alpha YAML or .cfg; or a ConfigMap.",
        ),
    ],
    listen: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Listen here instead; may be given several times. Also unix:///path and fd:3 (systemd).",
        ),
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The address people open, e.g. https://headlamp.example.com.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, metavar="N", help="Processes that serve; 1 by default.")
    ] = None,
    websocket_grace: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="How long WebSockets go on after SIGTERM; 5 by default."),
    ] = None,
    pre_stop_delay: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="SECONDS", help="How long to accept connections after SIGTERM, not ready; 0 by default."
        ),
    ] = None,
) -> None:
    """Run the gateway."""
    from lampgate.cli.serve import run_serve

    run_serve(
        files,
        listen=listen or [],
        public_url=public_url,
        workers=workers,
        websocket_grace=websocket_grace,
        pre_stop_delay=pre_stop_delay,
    )


@app.command()
def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Configuration, as for serve; also Headlamp's values.")
    ],
    output: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="text, json, or sarif (for code hosts).")
    ] = "text",
    fail_on: Annotated[
        str, typer.Option(metavar="SEVERITY", help="Exit with 1 from this severity on: error, warning, or never.")
    ] = "error",
) -> None:
    """Say everything that is wrong with or risky about a configuration."""
    from lampgate.cli.check import Format, Threshold, run_check

    for value, known, name in ((output, Format, "--format"), (fail_on, Threshold, "--fail-on")):
        if value not in list(known):
            raise typer.BadParameter(f"{name} takes {', '.join(known)}")
    raise typer.Exit(run_check(files, output=Format(output), fail_on=Threshold(fail_on)))


@app.command()
def convert(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Configuration, as for lampgate serve.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of printing.")
    ] = None,
) -> None:
    """Print the lampgate.yaml that means the same as a configuration."""
    from lampgate.cli.convert import run_convert

    run_convert(files, output=output)


@app.command()
def schema() -> None:
    """Print the JSON Schema of lampgate.yaml, for editors and pipelines."""
    from lampgate.cli.schema import run_schema

    run_schema()


@app.command()
def sessions(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Configuration, as for lampgate serve.")],
    person: Annotated[str, typer.Option(metavar="PERSON", help="Entra: TENANT-ID/OBJECT-ID. Elsewhere: ISSUER#SUB.")],
    end: Annotated[bool, typer.Option("--end", help="End all of them, in every replica.")] = False,
) -> None:
    """List a person's sessions in Valkey or Redis, or end them."""
    from lampgate.cli.sessions import run_sessions

    run_sessions(files, person=person, end=end)


@app.command(
    name="oauth2-proxy",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def oauth2_proxy(context: typer.Context) -> None:
    """Run with oauth2-proxy's own flags, files and variables."""
    from lampgate.cli.serve import run_oauth2_proxy

    run_oauth2_proxy(context.args)


@lab_app.callback()
def lab(
    context: typer.Context,
    inject: Annotated[
        str, typer.Option(metavar="TOKEN", help="access_token, or id_token to see the problem lampgate solves.")
    ] = "access_token",
    headlamp: Annotated[
        str | None, typer.Option(metavar="URL", help="A real Headlamp to put in the stand-in's place.")
    ] = None,
    json_line: Annotated[
        bool, typer.Option("--json", help="Print one JSON line once everything answers, for scripts.")
    ] = False,
) -> None:
    """Run Entra, AKS, a dashboard and the gateway on loopback, until Ctrl-C."""
    if context.invoked_subcommand is None:
        from lampgate.cli.lab import run_lab

        run_lab(inject=inject, headlamp=headlamp, json_line=json_line)


@lab_app.command()
def token(
    username: Annotated[
        str, typer.Argument(metavar="USERNAME", help="An account of the lab, e.g. rita or rita@contoso.example.")
    ],
    entra: Annotated[
        str | None, typer.Option(metavar="URL", help="The lab's Entra; by default that of the lab started last.")
    ] = None,
    exec_credential: Annotated[
        bool, typer.Option("--exec-credential", help="Print a kubectl ExecCredential instead of the bare token.")
    ] = False,
) -> None:
    """Print an access token of a running lab, as kubelogin would get it."""
    from lampgate.cli.lab import run_token

    run_token(username, entra=entra, exec_credential=exec_credential)


def main() -> None:
    """The console script. A `LampgateError` becomes its sentences on standard error and exit code 1."""
    try:
        if Path(sys.argv[0]).name == "oauth2-proxy":
            # Installed under that name it takes that program's command line: a chart has to change the image only.
            from lampgate.cli.serve import run_oauth2_proxy

            run_oauth2_proxy(sys.argv[1:])
        else:
            app()
    except LampgateError as error:
        sys.stderr.write(f"lampgate: {error}\n")
        sys.exit(EXIT_FAILED)
