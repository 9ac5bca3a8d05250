"""The graph file: which class, and which training video, consists of which movements."""

from .format import KnowledgeGraph, packaged_graphs, read_graph, write_graph

__all__ = ['KnowledgeGraph', 'packaged_graphs', 'read_graph', 'write_graph']
