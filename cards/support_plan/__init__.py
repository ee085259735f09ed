"""Writing the support plan together, talking it through with the student, and keeping to it."""

from cards.support_plan.agree import mentor_agreed_form
from cards.support_plan.keep import duties_form, duty_of, halfway, promises_form
from cards.support_plan.review import book_visit, review_form, send_visit, visitors
from cards.support_plan.talk import ACHIEVABLE, discuss_form, proceed_form, reopen_form
from cards.support_plan.write import BOTH, PAGE, PROMISED, SAME, TUTORS, check, plan_form

__all__ = [
    "ACHIEVABLE",
    "BOTH",
    "PAGE",
    "PROMISED",
    "SAME",
    "TUTORS",
    "book_visit",
    "check",
    "discuss_form",
    "duties_form",
    "duty_of",
    "halfway",
    "mentor_agreed_form",
    "plan_form",
    "proceed_form",
    "promises_form",
    "reopen_form",
    "review_form",
    "send_visit",
    "visitors",
]
