"""The `entrepot` command."""


def main() -> None:
    """Run the command line."""
    from entrepot.command_line import app

    app(prog_name="entrepot")


if __name__ == "__main__":
    main()
