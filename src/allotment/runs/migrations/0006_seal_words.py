"""Why a run ended, sealed: such words may quote a provider, an answer or a file. Needs the master key."""

from contextlib import suppress

import msgspec
from django.db import migrations, models

from allotment.kernel.crypto import vault
from allotment.kernel.errors import Erased


def seal_words(apps, schema_editor):
    Run = apps.get_model("runs", "Run")
    for run in list(Run.objects.exclude(message="", remedy="").values_list("id", flat=True)):
        row = Run.objects.only("message", "remedy", "person_id").get(id=run)
        words, sealed = msgspec.json.encode([row.message, row.remedy]), b""
        with suppress(Erased):  # of somebody erased before, nothing is kept
            sealed = vault().seal(words, context=f"runs.told:{run}", subject=row.person_id)
        Run.objects.filter(id=run).update(told=sealed, message="", remedy="")
    # PostgreSQL leaves what stood in a dropped column until its row is written again.
    apps.get_model("runs", "RunDocument").objects.update(name="")


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0005_keep_order'),
        ('keys', '0001_data_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='told',
            field=models.BinaryField(default=bytes),
        ),
        migrations.RunPython(seal_words, migrations.RunPython.noop),
    ]
