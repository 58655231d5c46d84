"""Records: what apps save. A collection belongs to an app; everybody who may run the app works with the same one.

Owns the table of records and their pages: browse, search, correct, remove, take out as a file.
Invariant: a record is the team's, and stays when the person whose run saved it leaves. It is sealed under that person's
key, whoever corrects it, for it still says what came of their run: once they are erased, it is a row without values.
Whoever must remove what it says about somebody else removes the record, which the journal notes.
Refuses: more records than a collection holds, and saving the same step of a run twice.
"""
