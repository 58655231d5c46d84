"""Keys keep their order on PostgreSQL."""

import allotment.web.ordered_json
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('microapps', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='appversion',
            name='spec',
            field=allotment.web.ordered_json.OrderedJSON(),
        ),
        migrations.AlterField(
            model_name='microapp',
            name='working_spec',
            field=allotment.web.ordered_json.OrderedJSON(),
        ),
    ]
