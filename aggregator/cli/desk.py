"""``aggregator desk``: what the editors' desk needs of a shell."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from aggregator.desk import passwords

app = typer.Typer(help="Let editors into the desk in the browser.", no_args_is_help=True)


@app.command()
def password(
    stdin: Annotated[bool, typer.Option("--stdin", help="Read it from standard input, one line.")] = False,
) -> None:
    """Ask for a password, and print what to put into password_hash of a [[desk.users]]."""
    typed = sys.stdin.readline().rstrip("\r\n") if stdin else _ask()
    if not passwords.SHORTEST <= len(typed) <= passwords.LONGEST:
        raise typer.BadParameter(f"a password has {passwords.SHORTEST} to {passwords.LONGEST} characters")
    typer.echo(passwords.hashed(typed))


def _ask() -> str:
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
