"""Examples in an instruction, as turns of the conversation.

Many templates show how it is done: below the instruction stand examples in the form of the question, which ends
with a cue such as `Reply:`. A large model takes that as it is. A very small one goes on inventing questions, unless
each example is a turn of its own: with SmolLM2-135M that is the difference between dreaming and answering.
"""

from collections.abc import Iterator

from allotment.engine.asking import Message


def as_turns(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return the messages with the examples of the instruction as turns; unchanged when it has none."""
    if [message.role for message in messages] != ["system", "user"]:
        return messages
    system, user = (message.content for message in messages)
    opening, has_opening, _ = user.partition(":")
    cue = user.rstrip().rpartition("\n")[2]
    instruction, *examples = system.split(f"\n\n{opening}:")
    if not (has_opening and cue.endswith(":") and examples):
        return messages
    turns = tuple(turn for example in examples for turn in _turns(f"{opening}:{example}", cue))
    question = Message("user", user.rstrip().removesuffix(cue).rstrip())
    return (Message("system", instruction), *turns, question)


def _turns(example: str, cue: str) -> Iterator[Message]:
    question, has_cue, answer = example.partition(f"\n{cue}")
    if has_cue:
        yield Message("user", question.strip())
        yield Message("assistant", answer.strip())
