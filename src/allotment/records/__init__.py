"""Records: what apps save. A collection belongs to an app; everybody who may run the app works with the same one.

Owns the table of records and their pages: browse, search, correct, remove, take out as a file.
Invariant: a record is sealed at rest, under the installation's key: it is the team's, and stays when the person who
saved it leaves. Whoever must remove what it says about somebody removes the record, which the journal notes.
Refuses: more records than a collection holds, and saving the same step of a run twice.
"""
