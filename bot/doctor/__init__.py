"""`python -m bot doctor`: what is well, and what is wrong with how to mend it, one line each.

It looks at the same settings, files and addresses as the bot, asks Microsoft as the bot asks, and changes nothing. No
line holds a secret, or anything about a person.
"""

from bot.doctor.findings import Finding, Mark
from bot.doctor.rounds import examine, report

__all__ = ["Finding", "Mark", "examine", "report"]
