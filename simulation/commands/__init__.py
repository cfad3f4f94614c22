"""Commands by topic: thin functions that name the options and import what they need when they are called.

A new command goes into the module of its topic, or a module of its own that ``simulation/cli.py`` imports.
"""
