"""`python -m pipeline`, for where the command is not on the path."""

from pipeline.cli import main

main()
