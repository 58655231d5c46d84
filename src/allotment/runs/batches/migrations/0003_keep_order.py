"""Keys keep their order on PostgreSQL."""

import allotment.web.ordered_json
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('batches', '0002_for_each'),
    ]

    operations = [
        migrations.AlterField(
            model_name='batch',
            name='spec',
            field=allotment.web.ordered_json.OrderedJSON(),
        ),
    ]
