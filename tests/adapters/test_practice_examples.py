"""Examples in an instruction become turns of the conversation, for a model too small to tell them apart."""

from allotment.adapters.providers.practice.examples import as_turns
from allotment.engine.asking import Message

INSTRUCTION = (
    "You reply.\n\nCustomer: Where is it?\nReply: On its way.\nKind regards\n\nCustomer: Hi\nReply: Hello"
)


def test_examples_become_turns_and_the_question_comes_last() -> None:
    messages = (
        Message("system", INSTRUCTION),
        Message("user", "Customer: It broke.\n\nReply: soon?\nReply:"),
    )
    assert as_turns(messages) == (
        Message("system", "You reply."),
        Message("user", "Customer: Where is it?"),
        Message("assistant", "On its way.\nKind regards"),
        Message("user", "Customer: Hi"),
        Message("assistant", "Hello"),
        Message("user", "Customer: It broke.\n\nReply: soon?"),
    )


def test_an_instruction_without_examples_stays_as_it_is() -> None:
    for messages in (
        (Message("system", "You reply."), Message("user", "Customer: It broke.\nReply:")),
        (Message("system", INSTRUCTION), Message("user", "It broke.")),
        (Message("user", "Customer: It broke.\nReply:"),),
    ):
        assert as_turns(messages) == messages
