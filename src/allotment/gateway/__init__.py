"""The asynchronous door: the OpenAI-compatible API, event streams, assets, health and metrics. (MCP comes here.)

Invariant: never touches the ORM on the event loop; asks features through a worker thread. Every route names
its authority. Refuses: holding a database connection across a stream.
"""
