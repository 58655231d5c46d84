"""The door for programs: `POST /v1/chat/completions` and `GET /v1/models`, in the shape OpenAI's clients speak,
and `GET /v1/receipts/…` for the proof of a call.

Owns the shapes, who is behind a key, and how outcomes of the gate become answers. Invariant: every question goes
through the gate; wording comes from an approved template version unless the key carries the right to free words;
facts come from the snapshot, so that nothing here reads a table but, in a thread, the journal for a receipt. Refuses
what it cannot do, by name, instead of leaving it out.
"""
