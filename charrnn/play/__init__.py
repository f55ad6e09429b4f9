"""Layer play: a text that a person and a network write in turn.

Typed lines come in as actions (`lines`); the text, what can be taken back (`history`) and what the network adds
(`session`) come out. Nothing here reads a keyboard or writes to a screen.
"""
