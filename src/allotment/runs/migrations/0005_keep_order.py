"""Keys keep their order on PostgreSQL."""

import allotment.web.ordered_json
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0004_tables'),
    ]

    operations = [
        migrations.AlterField(
            model_name='run',
            name='spec',
            field=allotment.web.ordered_json.OrderedJSON(),
        ),
    ]
