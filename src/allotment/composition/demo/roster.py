"""Who works at Alder Savings, and where. Content only."""

from dataclasses import dataclass

from allotment.engine.principals import Role

SERVICE, PEOPLE, FINANCE, OPERATIONS = "Service desk", "People & culture", "Finance", "Operations"

SPACES = {
    SERVICE: "Answers customers by phone, letter and e-mail.",
    PEOPLE: "Finds, welcomes and looks after colleagues.",
    FINANCE: "Pays bills, chases invoices and closes the month.",
    OPERATIONS: "Keeps branches, machines and systems running.",
}

_DOMAIN = "alder.example"


@dataclass(frozen=True)
class Member:
    """Somebody at Alder Savings."""

    key: str
    """Short name, also in the e-mail address."""
    name: str
    roles: frozenset[Role]
    spaces: tuple[str, ...]
    job: str

    @property
    def email(self) -> str:
        """Return the address they sign in with."""
        return f"{self.key}@{_DOMAIN}"


def _member(key: str, name: str, roles: str, spaces: tuple[str, ...], job: str) -> Member:
    return Member(key, name, frozenset(Role(role) for role in roles.split()), spaces, job)


MEMBERS = (
    _member("ingrid", "Ingrid Solberg", "administrator colleague", (OPERATIONS,), "runs the installation"),
    _member("mateo", "Mateo Fernández Ruiz", "maker colleague", (SERVICE,), "leads the service desk"),
    _member(
        "priya", "Priya Raghunathan", "maker colleague", (SERVICE, OPERATIONS), "makes apps for the desk"
    ),
    _member("chidi", "Chidi Okonkwo", "colleague", (SERVICE,), "answers customers"),
    _member("yuki", "Yuki Tanaka", "colleague", (SERVICE,), "answers customers"),
    _member("aoife", "Aoife Brennan", "maker colleague", (PEOPLE,), "looks after hiring"),
    _member("kwame", "Kwame Mensah", "maker colleague", (PEOPLE, OPERATIONS), "welcomes colleagues"),
    _member("zeynep", "Zeynep Yıldız", "maker colleague", (FINANCE,), "chases invoices"),
    _member("lars", "Lars Johansson", "colleague", (FINANCE,), "closes the month"),
    _member("amara", "Amara Diallo", "colleague", (OPERATIONS,), "keeps branches running"),
    _member("mariam", "Mariam Al-Haddad", "steward colleague", (OPERATIONS,), "curates the templates"),
    _member("tomasz", "Tomasz Wiśniewski", "steward colleague", (SERVICE,), "curates the templates"),
    _member("hoa", "Nguyễn Thị Hoa", "reviewer colleague", (OPERATIONS, FINANCE), "reviews apps"),
    _member("leilani", "Leilani Kahale", "officer colleague", (OPERATIONS,), "security and privacy officer"),
    _member("samuel", "Samuel Grünwald", "auditor", (), "audits, changes nothing"),
)
ADMINISTRATOR, STORY_MAKER, REVIEWER, OFFICER = "ingrid", "mateo", "hoa", "leilani"
