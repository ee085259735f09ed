"""`python -m bot doctor`: what is well, and what is wrong with how to mend it, one line each.

It looks at the same settings, files and addresses as the bot, asks Microsoft as the bot asks, and changes nothing. No
line holds a secret, or anything about a person. `--seen` alone deletes something: what was damaged, and is back.
"""

from bot.doctor.findings import Finding, Mark
from bot.doctor.here import have_seen
from bot.doctor.rounds import examine, report

__all__ = ["Finding", "Mark", "examine", "have_seen", "report"]
