"""The measurements that the claims rest on, one file each: `python -m benchmarks.NAME [--data DIR] [--json FILE]`."""
