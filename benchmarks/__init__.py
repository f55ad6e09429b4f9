"""Measurements of charrnn, of its speed beside PyTorch's: `python -m benchmarks` (README.md says how)."""
