"""The table of personal values, which stand outside the tree."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("journal", "0002_tree")]

    operations = [
        migrations.CreateModel(
            name="JournalPersonal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entry", models.UUIDField()),
                ("name", models.CharField(max_length=40)),
                ("subject", models.UUIDField()),
                ("sealed", models.BinaryField()),
            ],
            options={
                "db_table": "journal_personal",
                "constraints": [
                    models.UniqueConstraint(fields=("entry", "name"), name="journal_personal_once"),
                ],
            },
        ),
    ]
