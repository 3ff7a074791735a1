"""Running a command: signals, errors and the exit code."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from types import FrameType

from tidegate.cli.context import Context
from tidegate.errors import Error, Interrupted, StorageError, Terminated
from tidegate.transport.redaction import redact

_DEFECT = 1


def run(
    command: Callable[[argparse.Namespace, Context], int], arguments: argparse.Namespace, environ: Mapping[str, str]
) -> int:
    """Call a command; its exit code, with every failure said on stderr."""
    logging.basicConfig(format="%(message)s")
    # Of our own loggers only: other libraries print addresses whole, with what is secret in them.
    logging.getLogger("tidegate").setLevel(logging.DEBUG if environ.get("TIDEGATE_DEBUG") else logging.WARNING)
    signal.signal(signal.SIGTERM, _terminate)
    context = Context(environ, as_json=getattr(arguments, "json", False))
    try:
        return command(arguments, context)
    except Error as error:
        return _report(context, error)
    except KeyboardInterrupt as interrupt:
        return _report(context, Interrupted.of(interrupt))
    except BrokenPipeError:
        # The reader of our output is gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Interrupted.exit_code
    except Exception as error:  # noqa: BLE001 - the one place where a defect becomes exit code 1
        return _report_defect(context, error)


def refuse(error: Error, environ: Mapping[str, str], *, as_json: bool) -> int:
    """Report a command line that no command could be made of; the exit code."""
    return _report(Context(environ, as_json=as_json), error)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    # A second signal must not cut the cleaning up short.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated


def _report(context: Context, error: Error) -> int:
    context.note(f"error: {error.message}")
    if error.hint:
        context.note(f"  next: {error.hint}")
    _report_json(context, error)
    return error.exit_code


def _report_defect(context: Context, error: Exception) -> int:
    if isinstance(error, OSError) and error.filename is not None:
        # A path that nobody expected to fail: the machine's trouble all the same.
        return _report(context, StorageError(f"{error.filename}: {error.strerror}"))
    context.note(f"error: a defect in Tidegate: {type(error).__name__}: {error}")
    context.note("  next: run it again with TIDEGATE_DEBUG=1 and report what it prints")
    if context.environ.get("TIDEGATE_DEBUG"):
        context.note("".join(traceback.format_exception(error)))
    defect = Error(f"{type(error).__name__}: {error}")
    _report_json(context, defect)
    return _DEFECT


def _report_json(context: Context, error: Error) -> None:
    if context.as_json and not context.wrote_json:
        document = {"message": redact(error.message), "hint": error.hint, "exit_code": error.exit_code}
        context.json({"verdict": "failed", "error": document})
