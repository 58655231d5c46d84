"""Tables of people, roles and spaces. Private: other features call functions here and name models as text."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from allotment.kernel import clock
from allotment.kernel.ids import new_id
from allotment.people.api_keys.models import ApiKey

__all__ = ["ApiKey", "Membership", "Person", "PersonManager", "RoleGrant", "SetUpLink", "Space"]


class PersonManager(BaseUserManager["Person"]):
    """Finds people by e-mail address, in any letter case."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        """Return the person with this e-mail address."""
        return self.get(email__iexact=username or "")


class Space(models.Model):
    """A team's place with its rules."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=80, unique=True)
    purpose = models.CharField(_("purpose"), max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Person(AbstractBaseUser):
    """Someone with an account. Deactivated, never deleted, so that what they did keeps its name."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("may sign in"), default=True)
    joined_at = models.DateTimeField(default=clock.now, editable=False)
    spaces = models.ManyToManyField(Space, related_name="people", through="Membership")

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class RoleGrant(models.Model):
    """One role of one person, and who gave it."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="role_grants")
    role = models.CharField(max_length=20)
    granted_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "role"), name="people_one_grant_per_role"),)


class Membership(models.Model):
    """A person in a space."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    space = models.ForeignKey(Space, on_delete=models.CASCADE)
    joined_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "space"), name="people_one_membership"),)


class SetUpLink(models.Model):
    """A one-time link with which a person chooses a password. Only the digest of its secret is kept."""

    secret_digest = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True)
    """None for the link of the first administrator, whose account does not exist yet."""
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
