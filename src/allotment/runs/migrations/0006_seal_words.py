"""Why a run ended, sealed: such words may quote a provider, an answer or a file. Needs the master key.

The warning of a step about rows without an answer quoted, too: it does no longer. A receipt that has it cannot change,
for the journal holds its digest: it is sealed as it is.
No way back: the columns of before would come back empty.
"""

import re
from contextlib import suppress

import msgspec
from django.db import migrations, models

from allotment.kernel.crypto import vault
from allotment.kernel.errors import Erased
from allotment.keys.wiping import owe

_QUOTING = re.compile(r"([\d,]+ of [\d,]+ rows have no “.*?”)\. Row ([\d,]+): .*", re.DOTALL)


def seal_words(apps, schema_editor):
    Run = apps.get_model("runs", "Run")
    for run in list(Run.objects.exclude(message="", remedy="").values_list("id", flat=True)):
        row = Run.objects.only("message", "remedy", "person_id").get(id=run)
        sealed = _sealed(msgspec.json.encode([row.message, row.remedy]), "told", run, row.person_id)
        Run.objects.filter(id=run).update(told=sealed, message="", remedy="")
    # PostgreSQL leaves what stood in a dropped column until its row is written again.
    apps.get_model("runs", "RunDocument").objects.update(name="")


def seal_quotes(apps, schema_editor):
    RunStep, RunReceipt = apps.get_model("runs", "RunStep"), apps.get_model("runs", "RunReceipt")
    for step in RunStep.objects.exclude(warnings=[]).only("warnings"):
        warnings = [_QUOTING.sub(r"\1; the first is row \2.", warning) for warning in step.warnings]
        if warnings != step.warnings:
            RunStep.objects.filter(id=step.id).update(warnings=warnings)
    quoting = RunReceipt.objects.filter(text__contains=" rows have no “")
    for run in list(quoting.values_list("run_id", flat=True)):
        person, text = RunReceipt.objects.values_list("run__person_id", "text").get(run_id=run)
        if any(_QUOTING.match(words) for step in msgspec.json.decode(text)["steps"] for words in step["warnings"]):
            sealed = _sealed(text.encode(), "receipt", run, person)
            RunReceipt.objects.filter(run_id=run).update(sealed=sealed, text="")


def owe_wiping(apps, schema_editor):
    found = (apps.get_model("runs", name) for name in ("Run", "RunDocument", "RunStep", "RunReceipt"))
    owe(*(model._meta.db_table for model in found if model.objects.exists()))


def _sealed(content, column, run, person):
    with suppress(Erased):  # of somebody erased before, nothing is kept
        return vault().seal(content, context=f"runs.{column}:{run}", subject=person)
    return b""


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0005_keep_order'),
        ('keys', '0001_data_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='told',
            field=models.BinaryField(default=bytes),
        ),
        migrations.AddField(
            model_name='runreceipt',
            name='sealed',
            field=models.BinaryField(default=bytes),
        ),
        migrations.RunPython(seal_words),
        migrations.RunPython(seal_quotes),
        migrations.RunPython(owe_wiping),
    ]
