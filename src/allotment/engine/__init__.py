"""The engine: the app spec, the step interpreter, the stages of the gate, the policy vocabulary, the ports.

Invariant: pure. Values in, values out; the only things that touch the world are the ports it is given.
Refuses: Django, files, sockets, clocks of its own, and any expression language.
"""
