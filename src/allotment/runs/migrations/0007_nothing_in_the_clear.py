"""What is sealed now is no longer kept beside it; the name of a document stands in its run's form, sealed already."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0006_seal_words'),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop),  # no way back, for what is sealed stays sealed
        migrations.RemoveField(model_name='run', name='message'),
        migrations.RemoveField(model_name='run', name='remedy'),
        migrations.RemoveField(model_name='rundocument', name='name'),
    ]
