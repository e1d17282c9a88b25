"""Benchmarks: lampgate beside the proxies and gateways that people use for the same job.

`python -m bench` (or `make bench`) starts an origin, the lab's Entra and every peer that is on this machine, signs in
at each that can, and gives all the same work in turn. Figures are CPU time from the kernel's accounting, so that the
load generator and the origin do not count, and ratios within one run, so that the machine matters little.
"""
