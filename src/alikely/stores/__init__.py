"""EMBEDDINGS KEPT AND FOUND AGAIN: in a folder (SQLite and FAISS), or on a Milvus server."""

from alikely.stores.opening import create_store, open_store

__all__ = ["create_store", "open_store"]
