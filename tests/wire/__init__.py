"""The bot as IT runs it: `python -m bot serve`, unchanged, with Microsoft's host names, over TLS.

What answers under those names is `microsoft.Microsoft`, on this machine; `hook/` sends the look-ups there.
"""
