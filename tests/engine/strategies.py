"""Hypothesis strategies for app specs: any app of the right structure, whether or not it makes sense."""

from hypothesis import strategies as st

from allotment.engine.spec.app import (
    Answer,
    App,
    Ask,
    Case,
    Choose,
    Condition,
    DataClass,
    DataUse,
    FieldKind,
    FormField,
    Read,
    Shown,
)

names = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
printable = st.characters(exclude_categories=("Cc", "Cs"))
lines = st.text(printable, min_size=1, max_size=20)
optional_lines = st.text(printable, max_size=20)
texts = st.text(st.one_of(printable, st.sampled_from("\n\t")), max_size=40)
options = st.lists(lines, max_size=4).map(tuple)
paths = st.one_of(
    names.map(lambda name: f"form.{name}"),
    names.map(lambda name: f"steps.{name}"),
    st.tuples(names, names).map(lambda pair: f"steps.{pair[0]}.{pair[1]}"),
)
sources = st.one_of(paths, texts.map(lambda text: f"={text}"))
references = st.tuples(names, st.integers(1, 999)).map(lambda pair: f"{pair[0]}@{pair[1]}")

fields = st.builds(
    FormField,
    field=names,
    label=lines,
    kind=st.sampled_from(FieldKind),
    required=st.booleans(),
    help=optional_lines,
    options=options,
    max=st.none() | st.integers(1, 100_000),
)
answers = st.builds(
    Answer,
    choice=options,
    fields=st.dictionaries(names, st.sampled_from(["text", "number", "yes/no", "date", "list"]), max_size=3),
    max_words=st.none() | st.integers(1, 5000),
)
asks = st.builds(
    Ask,
    step=names,
    template=references,
    with_=st.dictionaries(names, sources, max_size=3),
    answer=answers,
    model=optional_lines,
)
reads = st.builds(Read, step=names, from_=paths)
conditions = st.builds(
    Condition,
    value=paths,
    is_=st.sampled_from(
        ["is", "is not", "contains", "is empty", "is not empty", "is more than", "is less than"]
    ),
    to=optional_lines,
)
cases = st.builds(
    Case,
    when=st.lists(conditions, max_size=2).map(tuple),
    stop=texts,
    go_to=st.just("") | names,
    value=st.just("") | sources,
)
chooses = st.builds(
    Choose, step=names, cases=st.lists(cases, max_size=3).map(tuple), otherwise=st.just("") | sources
)
steps = st.one_of(asks, reads, chooses)
shown = st.builds(
    Shown, show=st.sampled_from(["text", "label", "fields", "list"]), from_=paths, title=optional_lines
)
data_uses = st.builds(
    DataUse,
    class_=st.sampled_from(DataClass),
    personal=st.booleans(),
    special=st.booleans(),
    subjects=options,
    basis=optional_lines,
    retention=optional_lines,
)
apps = st.builds(
    App,
    allotment=st.just(1),
    name=names,
    title=lines,
    purpose=texts,
    data=data_uses,
    form=st.lists(fields, max_size=3).map(tuple),
    steps=st.lists(steps, max_size=3).map(tuple),
    result=st.lists(shown, max_size=3).map(tuple),
    sample=st.dictionaries(names, texts, max_size=3),
)

plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5000) | texts | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=4,
)
