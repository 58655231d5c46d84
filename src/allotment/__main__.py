"""`python -m allotment`: the command line."""

from allotment.cli.main import main

main()
