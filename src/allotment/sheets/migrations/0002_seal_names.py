"""The name of a file, sealed with what else is known about it. Needs the master key."""

import msgspec
from django.db import migrations

from allotment.kernel.crypto import vault


def seal_names(apps, schema_editor):
    Sheet = apps.get_model("sheets", "Sheet")  # of somebody erased there is none
    for sheet in list(Sheet.objects.values_list("id", flat=True)):
        row, context = Sheet.objects.get(id=sheet), f"sheets.about:{sheet}"
        about = msgspec.json.decode(vault().open(bytes(row.about), context=context))
        about["name"] = row.name
        sealed = vault().seal(msgspec.json.encode(about), context=context, subject=row.person_id)
        Sheet.objects.filter(id=sheet).update(about=sealed, name="")


class Migration(migrations.Migration):

    dependencies = [
        ('sheets', '0001_initial'),
        ('keys', '0001_data_keys'),
    ]

    operations = [migrations.RunPython(seal_names, migrations.RunPython.noop)]
