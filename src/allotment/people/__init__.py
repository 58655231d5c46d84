"""People: accounts, roles and spaces.

Owns who exists, what they are in the organisation and which teams they belong to.
Invariant: an account begins with a one-time link and a password its owner chose; nobody else ever knows it.
Refuses open sign-up, default passwords, deleting a person, and having no administrator.
"""
