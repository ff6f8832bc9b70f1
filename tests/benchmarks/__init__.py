"""What a build, a refresh and a check cost, beside what a user would take instead.

`python -m tests.benchmarks --help`. POSIX only; the limits are meant for Linux.
"""
