"""The programs are run by ``mpiexec``, not collected by pytest."""

collect_ignore = ["programs"]
