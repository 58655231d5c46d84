"""Why a batch is paused or failed, and why a row has no answer, sealed. Needs the master key; no way back."""

from contextlib import suppress

import msgspec
from django.db import migrations, models

from allotment.kernel.crypto import vault
from allotment.kernel.errors import Erased
from allotment.keys.wiping import owe


def seal_words(apps, schema_editor):
    Batch, BatchRow = apps.get_model("batches", "Batch"), apps.get_model("batches", "BatchRow")
    _seal(Batch.objects, "person_id", "batch.told")
    # A row filled in like an earlier one tells what that one tells.
    _seal(BatchRow.objects.filter(same_as=None), "batch__person_id", "batch.row told")
    # PostgreSQL leaves what stood in a dropped column until its row is written again.
    BatchRow.objects.exclude(same_as=None).update(message="", remedy="")
    owe(*(model._meta.db_table for model in (Batch, BatchRow) if model.objects.exists()))


def _seal(rows, person, column):
    for one in list(rows.exclude(message="", remedy="").values_list("id", flat=True)):
        subject, *words = rows.values_list(person, "message", "remedy").get(id=one)
        sealed = b""
        with suppress(Erased):  # of somebody erased before, nothing is kept
            sealed = vault().seal(msgspec.json.encode(words), context=f"runs.{column}:{one}", subject=subject)
        rows.filter(id=one).update(told=sealed, message="", remedy="")


class Migration(migrations.Migration):

    dependencies = [
        ('batches', '0003_keep_order'),
        ('keys', '0001_data_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='batch',
            name='told',
            field=models.BinaryField(default=bytes),
        ),
        migrations.AddField(
            model_name='batchrow',
            name='told',
            field=models.BinaryField(default=bytes),
        ),
        migrations.RunPython(seal_words),
    ]
