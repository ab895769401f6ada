"""NETWORKS TRAINED ELSEWHERE -> encoders: from a folder of transformers or sentence-transformers, or from the hub."""

from alikely.encoders.pretrained.network import Pretrained

__all__ = ["Pretrained"]
