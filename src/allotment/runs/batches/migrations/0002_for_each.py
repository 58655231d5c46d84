"""What a `for each` step of a run needs to know of its batch; details are counted by their kind."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Counts of details were one number, which nobody can split into kinds afterwards: they begin anew."""

    dependencies = (("batches", "0001_initial"),)

    operations = (
        migrations.RemoveField("batch", "masked"),
        migrations.RemoveField("batch", "withheld"),
        migrations.AddField("batch", "masked", models.JSONField(default=dict)),
        migrations.AddField("batch", "withheld", models.JSONField(default=dict)),
        migrations.AddField("batch", "model", models.CharField(blank=True, max_length=120)),
        migrations.AddField("batch", "runs_here", models.BooleanField(default=False)),
        migrations.AddField("batch", "entry", models.BigIntegerField(null=True)),
    )
