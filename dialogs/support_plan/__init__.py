"""The support plan: written, agreed by both in one version, talked through with the student, kept to."""

from dialogs.support_plan import agree, keep, review, talk, write
from dialogs.support_plan.common import steps

__all__ = ["agree", "keep", "review", "steps", "talk", "write"]
