"""What is sealed now is no longer kept beside it."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('sheets', '0002_seal_names'),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop),  # no way back, for what is sealed stays sealed
        migrations.RemoveField(model_name='sheet', name='name'),
    ]
