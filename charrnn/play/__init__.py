"""Layer play: a text that a person and a network write in turn.

Typed lines come in as actions (`lines`); the text and its continuations (`session`) and messages (`words`) come out.
Nothing here reads a keyboard or writes to a screen.
"""
