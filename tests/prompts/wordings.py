"""Wordings for tests: one written by hand, and any that can exist."""

from hypothesis import strategies as st

from allotment.engine.templates import Slot
from allotment.prompts.formats.portable import Portable
from allotment.prompts.slots import label_from
from allotment.prompts.wording import Wording, worded

REPLY = Portable(
    name="customer-reply",
    title="Reply to a customer",
    purpose="A polite answer that a colleague checks and sends.",
    category="writing",
    wording=worded(
        "You work for a company in {industry}. Answer politely.",
        'The customer wrote:\n\n{customer_query}\n\nWrite at most {sentences} sentences. Use {"json": 1}? No.',
        (
            Slot(
                "industry", "Our line of business", "choice", options=("banking", "retail"), example="banking"
            ),
            Slot(
                "customer_query", "What did the customer write?", "long text", max_length=3000, example="Hi!"
            ),
            Slot("sentences", "How long", "number", is_required=False, example="5"),
        ),
    ),
)

_slots = st.builds(
    lambda name, long, required, example: Slot(
        name, label_from(name), "long text" if long else "text", required, 500, (), example
    ),
    st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True),
    st.booleans(),
    st.booleans(),
    st.text(alphabet="abc äö:{}#'\"%", max_size=20),
)
_plain = st.text(alphabet="ab {}%#\n\"'\\:-$&ä😀|()[]", max_size=30)


@st.composite
def wordings(draw: st.DrawFn) -> Wording:
    """Return any wording whose question is not empty."""
    slots = draw(st.lists(_slots, max_size=4, unique_by=lambda slot: slot.name))
    parts = st.lists(
        st.one_of(_plain, st.sampled_from([f"{{{slot.name}}}" for slot in slots])) if slots else _plain,
        max_size=8,
    )
    system, user = "".join(draw(parts)), "".join(draw(parts)) + "Answer."
    return worded(system, user, slots)
