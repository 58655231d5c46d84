"""The asynchronous door: event streams, assets, health and metrics. (The OpenAI-compatible API and MCP come here.)

Invariant: never touches the ORM on the event loop; asks features through a worker thread. Every route names
its authority. Refuses: holding a database connection across a stream.
"""
