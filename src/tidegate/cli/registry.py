"""`tidegate registry`: serves the embedded registry."""

from __future__ import annotations

import argparse
from pathlib import Path

from tidegate.cli.context import Context
from tidegate.registry.address import DEFAULT, Address
from tidegate.registry.serve import Settings, serve

HELP = "serve the embedded registry"


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    action = actions.add_parser("serve", help="serve it until Ctrl-C or SIGTERM")
    action.add_argument(
        "--address", default=DEFAULT, metavar="HOST:PORT", help="where to listen (default: %(default)s)"
    )
    action.add_argument("--data", type=Path, metavar="DIR", help="the data folder (default: under $TIDEGATE_HOME)")
    action.add_argument("--tls-cert", type=Path, metavar="FILE", help="a certificate with its chain, in PEM form")
    action.add_argument("--tls-key", type=Path, metavar="FILE", help="the certificate's key, in PEM form")
    action.add_argument("--insecure", action="store_true", help="allow plain HTTP on an address that others can reach")
    action.add_argument("--verbose", action="store_true", help="a line on stderr for each request")
    action.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace, context: Context) -> int:
    settings = Settings(
        address=Address.parse(arguments.address),
        data=arguments.data or context.home.registry,
        certificate=arguments.tls_cert,
        key=arguments.tls_key,
        insecure=arguments.insecure,
        verbose=arguments.verbose,
        with_parent=arguments.with_parent,
    )
    serve(settings, context.note, context.out)
    return 0
