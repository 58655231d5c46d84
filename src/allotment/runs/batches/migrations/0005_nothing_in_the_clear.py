"""What is sealed now is no longer kept beside it."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('batches', '0004_seal_words'),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop),  # no way back, for what is sealed stays sealed
        migrations.RemoveField(model_name='batch', name='message'),
        migrations.RemoveField(model_name='batch', name='remedy'),
        migrations.RemoveField(model_name='batchrow', name='message'),
        migrations.RemoveField(model_name='batchrow', name='remedy'),
    ]
