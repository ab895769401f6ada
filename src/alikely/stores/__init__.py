"""EMBEDDINGS KEPT AND FOUND AGAIN: in a folder (SQLite and FAISS), or on a Milvus server."""
