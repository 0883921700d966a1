"""Fund Pipeline: the operating pipeline of a small hedge fund, on Dagster."""

__version__ = "0.1.0"
