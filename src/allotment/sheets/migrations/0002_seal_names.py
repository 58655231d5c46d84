"""The name of a file, sealed with what else is known about it. Needs the master key; no way back."""

import msgspec
from django.db import migrations

from allotment.kernel.crypto import vault
from allotment.kernel.errors import Erased
from allotment.keys.wiping import owe


def seal_names(apps, schema_editor):
    Sheet = apps.get_model("sheets", "Sheet")
    if Sheet.objects.exists():
        owe(Sheet._meta.db_table)
    for sheet in list(Sheet.objects.values_list("id", flat=True)):
        row, context = Sheet.objects.get(id=sheet), f"sheets.about:{sheet}"
        try:
            about = msgspec.json.decode(vault().open(bytes(row.about), context=context))
            about["name"] = row.name
            sealed = vault().seal(msgspec.json.encode(about), context=context, subject=row.person_id)
        except Erased:  # brought while its person was erased: forgotten with them
            row.delete()
            continue
        Sheet.objects.filter(id=sheet).update(about=sealed, name="")


class Migration(migrations.Migration):

    dependencies = [
        ('sheets', '0001_initial'),
        ('keys', '0001_data_keys'),
    ]

    operations = [migrations.RunPython(seal_names)]
