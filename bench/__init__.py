"""Benchmarks: each figure beside the bare thing it is compared with, interleaved in the same run."""
