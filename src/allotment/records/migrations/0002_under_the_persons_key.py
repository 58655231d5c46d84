"""Each record under the key of the person whose run saved it; before, all were under the installation's.

Done here, not when a record is next touched: until it is done, destroying a key leaves what that person's runs saved
readable. A record of somebody erased before now is emptied. Needs the master key, as every start does; no way back.
"""

from contextlib import suppress

from django.db import migrations

from allotment.kernel.crypto import vault
from allotment.kernel.errors import Erased
from allotment.keys.wiping import owe


def seal_anew(apps, schema_editor):
    Record = apps.get_model("records", "Record")
    if Record.objects.exists():
        owe(Record._meta.db_table)
    for record in list(Record.objects.values_list("id", flat=True)):
        row = Record.objects.get(id=record)
        context, sealed = f"records.content:{record}", b""
        with suppress(Erased):
            content = vault().open(bytes(row.content), context=context)
            sealed = vault().seal(content, context=context, subject=row.person_id)
        Record.objects.filter(id=record).update(content=sealed)


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0001_initial'),
        ('keys', '0001_data_keys'),
    ]

    operations = [migrations.RunPython(seal_anew)]
