"""Tells Django about data keys, and the vault where to find them."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from allotment.kernel.crypto import keep_keys_with


class KeysConfig(AppConfig):
    """The keeping of data keys."""

    name = "allotment.keys"
    label = "keys"

    def ready(self) -> None:
        """Put the stored keys behind the vault; read them anew after tables were made or emptied."""
        from allotment.keys.keeping import stored_keys  # noqa: PLC0415 - tables exist only from here on

        keep_keys_with(stored_keys)
        post_migrate.connect(lambda **_: stored_keys.forget_all(), sender=self, weak=False)
