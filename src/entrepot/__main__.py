"""The `entrepot` command, with a clear word where only the core install is there."""

import sys


def main() -> None:
    """Run the command line; it needs the packages of the `train` extra."""
    try:
        from entrepot.command_line import app
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("entrepot"):
            raise
        print(f"entrepot: the package {error.name!r} is missing. Install the training extra:", file=sys.stderr)
        print('    pip install "entrepot[train]"', file=sys.stderr)
        raise SystemExit(2) from None
    app()


if __name__ == "__main__":
    main()
