"""Specs the tests start from."""

from typing import Any


def customer_reply(**changes: Any) -> dict[str, Any]:
    """Return a whole app that uses the templates of `library/`."""
    return {
        "allotment": 1,
        "name": "customer-reply",
        "title": "Reply to a customer",
        "purpose": "Draft a polite reply that the service desk checks and sends.",
        "data": {"class": "internal", "retention": "30 days"},
        "form": [
            {
                "field": "customer_query",
                "label": "What did the customer write?",
                "kind": "long text",
                "required": True,
            },
            {
                "field": "industry",
                "label": "Our line of business",
                "kind": "choice",
                "options": ["banking", "retail"],
            },
        ],
        "steps": [
            {
                "step": "topic",
                "do": "ask",
                "template": "sort-into-topics@1",
                "with": {"text": "form.customer_query"},
                "answer": {"choice": ["card", "transfer", "other"]},
            },
            {
                "step": "reply",
                "do": "ask",
                "template": "customer-reply@1",
                "with": {"customer_query": "form.customer_query", "industry": "form.industry"},
            },
        ],
        "result": [{"show": "text", "from": "steps.reply"}, {"show": "label", "from": "steps.topic"}],
        "sample": {"customer_query": "Where is my card?", "industry": "banking"},
        **changes,
    }
